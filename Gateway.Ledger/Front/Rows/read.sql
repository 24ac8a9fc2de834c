begin;
-- A gateway that stalls between its two round trips must not keep the account from the others.
set local lock_timeout = '5s';
set local idle_in_transaction_session_timeout = '3s';
select epoch, buckets from front_account where account = @account for update;
-- Each statement sees what was committed until the account's row was free.
select day, open, request_clock, token_clock, spent, held from front_key where account = @account and key_id = @key and epoch = @epoch;
select epoch, gateway, state, amount, split, rates, held_at, admitted, tokens, lease_ends, checkpoint, charged, shortfall, paid_by, balance,
  case when @whole then request end as request, case when @whole then delivered end as delivered
from front_hold where receipt = @receipt and account = @account;
select clock_timestamp() as at, epoch, front, phase from front_state;
