-- After the buckets are locked: what another gateway recorded for them is committed and seen.
select id
from receipt
where id = any(@ids) and occurred_at between @earliest and @latest;
