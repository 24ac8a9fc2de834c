insert into front_key (account, key_id, epoch, day, open, request_clock, token_clock, spent, held)
select @account, @key, @epoch, @day, 0, 0, 0, @spent, @held
from (select 1 from front_state where epoch = @epoch and front = 'book' and phase <> 'drain' for share) as fence
on conflict (account, key_id) do update
set epoch = excluded.epoch, day = excluded.day, open = 0, request_clock = 0, token_clock = 0, spent = excluded.spent, held = excluded.held
where front_key.epoch < excluded.epoch;
