select 'entry ' || entry.version || ' of ' || entry.account || ' is of bucket ' || entry.bucket || ' (' || entry.currency || '), which does not exist'
from entry
where not exists (select 1 from bucket where bucket.account = entry.account and bucket.id = entry.bucket and bucket.currency = entry.currency);
