insert into stored_answer (account, key_id, fingerprint, receipt, status, content_type, headers, body, done_at, expires_at)
values (@Account, @KeyId, @Fingerprint, @Receipt, @Status, @ContentType, @Headers, @Body, @DoneAt, @ExpiresAt)
on conflict do nothing;
