select a.epoch, a.buckets, k.day, k.spent, k.held, m.day, m.spent, m.held, clock_timestamp() as at
from front_account a
  left join front_key k on k.account = a.account and k.key_id = @key and k.epoch = a.epoch
  left join front_member m on m.account = a.account and m.member_id = @member and m.epoch = a.epoch
where a.account = @account;
