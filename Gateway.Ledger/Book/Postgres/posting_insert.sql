insert into posting (id, account, kind, bucket, amount, note, actor, idempotency_key, fingerprint, receipt, reason, at)
values (@Id, @Account, @Kind, @Bucket, @Amount, @Note, @Actor, @IdempotencyKey, @Fingerprint, @Receipt, @Reason, @At);
