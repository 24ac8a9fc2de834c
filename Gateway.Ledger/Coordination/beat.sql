insert into gateway (id, started_at, seen_at, epoch, phase, redis_ok)
values (@gateway, now(), now(), @epoch, @phase, @redisOk)
on conflict (id) do update set seen_at = now(), epoch = excluded.epoch, phase = excluded.phase, redis_ok = excluded.redis_ok;
select epoch as "Epoch", front as "Front", phase as "Phase", life as "Life", now() as "Now"
from front_state;
select id as "Gateway", epoch as "Epoch", phase as "Phase", redis_ok as "RedisOk"
from gateway
where seen_at > now() - @patience;
