-- A balance is the sum of its entries, and the end of the last one.
select 'bucket ' || bucket.id || ' of ' || bucket.account || ' (' || bucket.currency || ') has ' || bucket.posted || ' nano-credits at version ' || bucket.version
  || ', its ' || coalesce(sums.entries, 0) || ' entries sum to ' || coalesce(sums.total, 0) || ' and end at ' || coalesce(ends.new, 0)
from bucket
left join (select account, bucket, currency, sum(amount) as total, count(*) as entries, max(version) as version from entry group by account, bucket, currency) as sums
  on sums.account = bucket.account and sums.bucket = bucket.id and sums.currency = bucket.currency
left join entry as ends
  on ends.account = bucket.account and ends.bucket = bucket.id and ends.currency = bucket.currency and ends.version = sums.version
where bucket.posted <> coalesce(sums.total, 0) or bucket.posted <> coalesce(ends.new, 0) or bucket.version <> coalesce(sums.version, 0);
