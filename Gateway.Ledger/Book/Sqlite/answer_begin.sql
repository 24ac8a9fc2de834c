insert into stored_answer (account, key_id, idempotency_key, fingerprint, lease, lease_until, expires_at)
values (@Account, @KeyId, @IdempotencyKey, @Fingerprint, @lease, @leaseUntil, @expiresAt)
on conflict (account, idempotency_key) where idempotency_key is not null do update
set key_id = excluded.key_id, fingerprint = excluded.fingerprint, lease = excluded.lease, lease_until = excluded.lease_until, expires_at = excluded.expires_at,
  receipt = null, status = null, content_type = null, headers = null, body = null, done_at = null, fetched_at = null
where stored_answer.refund_due = 0
  and (stored_answer.expires_at <= @now or (stored_answer.done_at is null and stored_answer.lease_until <= @now))
returning no;
