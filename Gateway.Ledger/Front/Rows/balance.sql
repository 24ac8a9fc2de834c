select s.epoch, s.front, s.phase, o.epoch as opened, clock_timestamp() as at, a.epoch, a.buckets, k.day, k.spent, k.held, m.day, m.spent, m.held
from front_state s
  left join front_opened o on true
  left join front_account a on a.account = @account
  left join front_key k on k.account = a.account and k.key_id = @key and k.epoch = a.epoch
  left join front_member m on m.account = a.account and m.member_id = @member and m.epoch = a.epoch;
