select 'entry ' || version || ' of bucket ' || bucket || ' of ' || account || ' begins at ' || previous || ' nano-credits, adds ' || amount || ' and ends at ' || new
  || '; the one before ended at ' || before
from (
  select account, bucket, version, previous, amount, new, lag(new, 1, 0) over (partition by account, bucket, currency order by version) as before
  from entry
) as running
where previous <> before or new <> previous + amount;
