select 'bucket ' || bucket || ' of ' || account || ' (' || currency || ') has ' || count(*) || ' entries, numbered ' || min(version) || ' to ' || max(version)
from entry
group by account, bucket, currency
having count(*) <> max(version) or min(version) <> 1;
