select coalesce(sum(spent), 0)
from member_day
where member_id = @memberId and day >= @from;
