insert into key_day (key_id, day, spent)
values (@keyId, @day, @spent)
on conflict (key_id, day) do update set spent = spent + excluded.spent;
