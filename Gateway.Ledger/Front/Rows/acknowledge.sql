-- In order of id: two gateways may acknowledge the same claimed calls.
with known as (select receipt from front_hold where receipt = any(@receipts) and state = 'over' and recorded_at is null order by receipt for update)
update front_hold set recorded_at = coalesce(@now, clock_timestamp()) from known where front_hold.receipt = known.receipt;
