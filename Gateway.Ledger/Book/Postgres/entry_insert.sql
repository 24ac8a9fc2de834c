insert into entry (account, bucket, currency, version, reference, kind, amount, previous, new, occurred_at, block)
select account, bucket, currency, version, reference, kind, amount, previous, previous + amount, occurred_at, @block
from unnest(@accounts, @buckets, @currencies, @versions, @references, @kinds, @amounts, @previous, @occurredAts) with ordinality
  as e (account, bucket, currency, version, reference, kind, amount, previous, occurred_at, n)
order by n;
