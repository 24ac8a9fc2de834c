select coalesce(sum(spent), 0)::bigint
from key_day
where key_id = @keyId and day >= @from::date;
