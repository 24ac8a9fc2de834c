insert into front_member (account, member_id, epoch, day, spent, held)
select @account, @member, @epoch, @day, @spent, @held
from (select 1 from front_state where epoch = @epoch and front = 'book' and phase <> 'drain' for share) as fence
on conflict (account, member_id) do update set epoch = excluded.epoch, day = excluded.day, spent = excluded.spent, held = excluded.held
where front_member.epoch < excluded.epoch;
