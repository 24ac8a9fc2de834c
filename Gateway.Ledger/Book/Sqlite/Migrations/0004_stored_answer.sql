-- A call under an Idempotency-Key, running (done_at is null) or done; or, without a key, an answer whose client had gone.
-- body is null where it was too long to keep. A refund that is due waits until the answer can no longer be fetched.
create table stored_answer (
  no integer primary key,
  account text not null,
  key_id text not null,
  idempotency_key text,
  fingerprint text not null,
  lease text,
  lease_until integer,
  receipt blob,
  status integer,
  content_type text,
  headers text,
  body blob,
  done_at integer,
  fetched_at integer,
  refund_due integer not null default 0,
  expires_at integer not null,
  check (done_at is null or (receipt is not null and status is not null and content_type is not null and headers is not null)),
  check (idempotency_key is not null or done_at is not null)
);
create unique index stored_answer_key on stored_answer (account, idempotency_key) where idempotency_key is not null;
create unique index stored_answer_receipt on stored_answer (receipt) where receipt is not null;
create index stored_answer_undelivered on stored_answer (key_id, fingerprint) where idempotency_key is null;
create index stored_answer_expires on stored_answer (expires_at);
