insert into daily_root (day, chains, previous, root, signature, key_id, at)
values (@Day, @Chains, @Previous, @Root, @Signature, @KeyId, @At)
on conflict do nothing;
