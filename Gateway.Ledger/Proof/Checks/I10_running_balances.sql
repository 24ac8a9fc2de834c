select 'entry ' || version || ' of bucket ' || bucket || ' of ' || account || ' begins at ' || previous || ' nano-credits, adds ' || amount || ' and ends at ' || new
  || '; the one before ended at ' || before
from (
  select account, bucket, version, previous, amount, new, coalesce(lag(new) over (partition by account, bucket, currency order by version), 0) as before
  from entry
) as running
where previous <> before or new <> previous + amount;
