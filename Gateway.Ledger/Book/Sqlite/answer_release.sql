delete from stored_answer
where account = @Account and idempotency_key = @IdempotencyKey and lease = @lease and done_at is null;
