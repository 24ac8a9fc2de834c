select coalesce(sum(spent), 0)
from key_day
where key_id = @keyId and day >= @from;
