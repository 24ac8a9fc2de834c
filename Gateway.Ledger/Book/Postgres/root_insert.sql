insert into daily_root (day, chains, previous, root, signature, key_id, at)
values (@Day, @Chains, @Previous, @Root, @Signature, @KeyId, timestamptz 'epoch' + @At * interval '1 microsecond')
on conflict do nothing;
