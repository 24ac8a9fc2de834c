select coalesce(sum(spent), 0)::bigint
from member_day
where member_id = @memberId and day >= @from::date;
