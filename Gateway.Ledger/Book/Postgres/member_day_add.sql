insert into member_day (member_id, day, spent)
select member_id, day, spent
from unnest(@memberIds, @days, @spent) as d (member_id, day, spent)
order by member_id, day
on conflict (member_id, day) do update set spent = member_day.spent + excluded.spent;
