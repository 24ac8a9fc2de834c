update stored_answer
set receipt = @Receipt, status = @Status, content_type = @ContentType, headers = @Headers, body = @Body, done_at = @DoneAt, expires_at = @ExpiresAt
where account = @Account and idempotency_key = @IdempotencyKey and lease = @Lease and done_at is null;
