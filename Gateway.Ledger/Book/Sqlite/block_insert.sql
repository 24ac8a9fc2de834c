insert into block (id, chain, number, previous, hash, signature, key_id, rows, at)
values (@Id, @Chain, @Number, @Previous, @Hash, @Signature, @KeyId, @Rows, @At);
