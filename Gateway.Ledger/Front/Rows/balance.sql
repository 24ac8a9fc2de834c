select a.epoch, a.buckets, k.day, k.open, k.request_clock, k.token_clock, k.spent, k.held, clock_timestamp() as at
from front_account a left join front_key k on k.account = a.account and k.key_id = @key and k.epoch = a.epoch
where a.account = @account;
