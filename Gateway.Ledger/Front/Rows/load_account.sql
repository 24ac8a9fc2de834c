-- The share lock is the fence: an epoch cannot end between the check and this row.
insert into front_account (account, epoch, buckets)
select @account, @epoch, @buckets
from (select 1 from front_state where epoch = @epoch and front = 'book' and phase <> 'drain' for share) as fence
on conflict (account) do update set epoch = excluded.epoch, buckets = excluded.buckets
where front_account.epoch < excluded.epoch;
