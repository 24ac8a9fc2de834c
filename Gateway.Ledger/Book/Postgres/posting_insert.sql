insert into posting (id, account, kind, bucket, amount, note, actor, idempotency_key, fingerprint, at)
values (@Id, @Account, @Kind, @Bucket, @Amount, @Note, @Actor, @IdempotencyKey, @Fingerprint, @At);
