-- The buckets of some accounts with what live holds set aside of them. A hold has its lease in its own row: one without the other cannot be.
with live as (
  select hold.account, part ->> 'bucket' as bucket, sum((part ->> 'amount')::bigint)::bigint as held
  from front_hold hold cross join lateral json_array_elements(hold.split) part
  where hold.state = 'live' and hold.epoch = @epoch and hold.account = any(@accounts)
  group by 1, 2
)
select a.account as "Account", terms.value ->> 'id' as "Bucket",
  (terms.value ->> 'credited')::bigint - (terms.value ->> 'spent')::bigint as "Posted", (terms.value ->> 'held')::bigint as "Held", coalesce(live.held, 0) as "HeldByLiveHolds"
from front_account a
  cross join lateral json_array_elements(a.buckets) terms
  left join live on live.account = a.account and live.bucket = terms.value ->> 'id'
where a.epoch = @epoch and a.account = any(@accounts);
select hold.receipt as "Receipt", hold.account as "Account", part ->> 'bucket' as "Bucket", (part ->> 'amount')::bigint as "Amount"
from front_hold hold cross join lateral json_array_elements(hold.paid_by) part
where hold.state = 'over' and hold.recorded_at is null and hold.epoch = @epoch and hold.account = any(@accounts);
