begin;
-- A gateway that stalls between its two round trips must not keep the account from the others.
set local lock_timeout = '5s';
set local idle_in_transaction_session_timeout = '3s';
select epoch, buckets from front_account where account = @account for update;
-- Each statement sees what was committed until the account's row was free.
select day, spent, held, open, request_clock, token_clock from front_key where account = @account and key_id = @key and epoch = @epoch;
select day, spent, held from front_member
where account = @account and epoch = @epoch
  and member_id = coalesce(@member, (select member_id from front_hold where receipt = @receipt and account = @account));
select epoch, gateway, state, amount, split, rates, held_at, admitted, tokens, lease_ends, checkpoint, charged, shortfall, paid_by, balance,
  recorded_at is not null as recorded, member_id,
  case when @whole then request end as request, case when @whole then delivered end as delivered
from front_hold where receipt = @receipt and account = @account;
select s.epoch, s.front, s.phase, o.epoch as opened, clock_timestamp() as at from front_state s left join front_opened o on true;
