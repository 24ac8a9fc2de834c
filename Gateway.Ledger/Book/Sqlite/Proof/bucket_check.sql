-- The entries of one bucket from a version on, the one before them, and the balance that they should come to.
with looked as (
  select version, previous, new, lag(new) over (order by version) as before, lag(version) over (order by version) as version_before
  from entry
  where account = @account and bucket = @bucket and currency = @currency and version >= @from - 1
), ends as (
  select new, version
  from looked
  order by version desc
  limit 1
)
select 'entry ' || version || ' of bucket ' || @bucket || ' of ' || @account || ' begins at ' || previous || ', the one before ended at ' || before
from looked
where before is not null and previous <> before
union all
select 'bucket ' || @bucket || ' of ' || @account || ' has an entry ' || version || ' after entry ' || version_before
from looked
where version_before is not null and version <> version_before + 1
union all
select 'bucket ' || @bucket || ' of ' || @account || ' has ' || bucket.posted || ' (version ' || bucket.version || '), its last entry ends at '
  || ends.new || ' (version ' || ends.version || ')'
from bucket
cross join ends
where bucket.account = @account and bucket.id = @bucket and bucket.currency = @currency and (bucket.posted <> ends.new or bucket.version <> ends.version);
