update stored_answer
set lease_until = @leaseUntil
where account = @Account and idempotency_key = @IdempotencyKey and lease = @lease and done_at is null;
