insert into member_day (member_id, day, spent)
values (@memberId, @day, @spent)
on conflict (member_id, day) do update set spent = spent + excluded.spent;
