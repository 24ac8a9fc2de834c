insert into key_day (key_id, day, spent)
select key_id, day, spent
from unnest(@keyIds, @days, @spent) as d (key_id, day, spent)
order by key_id, day
on conflict (key_id, day) do update set spent = key_day.spent + excluded.spent;
