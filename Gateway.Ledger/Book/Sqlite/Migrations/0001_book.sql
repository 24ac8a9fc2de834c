-- Amounts are integer nano-credits; times are integer Unix microseconds (UTC).
create table bucket (
  no integer primary key,
  account text not null,
  id text not null,
  kind text not null check (kind in ('pack', 'credit', 'wallet', 'revenue', 'shortfall', 'expired', 'external', 'adjustment')),
  provider text,
  model text,
  currency text not null,
  priority integer not null default 50,
  promotional integer not null default 0,
  created_at integer not null,
  expires_at integer,
  credited integer not null default 0,
  spent integer not null default 0,
  posted integer not null default 0,
  version integer not null default 0,
  credit_version integer not null default 0,
  unique (account, id, currency),
  -- House accounts are mirrored per account and currency; they alone may go below zero, and only their balance counts.
  check (kind not in ('pack', 'credit', 'wallet') or (posted >= 0 and posted = credited - spent)),
  check (kind in ('pack', 'credit', 'wallet') or (id = kind and credited = 0 and spent = 0))
);
create unique index bucket_one_of_a_kind on bucket (account, kind, currency) where kind in ('credit', 'wallet');

create table entry (
  id integer primary key,
  account text not null,
  bucket text not null,
  currency text not null,
  version integer not null,
  reference text not null,
  kind text not null check (kind in ('charge', 'void', 'refund', 'top_up', 'pack', 'adjustment', 'expiry')),
  amount integer not null,
  previous integer not null,
  new integer not null,
  occurred_at integer not null,
  unique (account, bucket, currency, version),
  check (new = previous + amount)
);
create index entry_of_account on entry (account, id);
create trigger entry_is_never_updated before update on entry begin
  select raise(abort, 'an entry is never changed');
end;
create trigger entry_is_never_deleted before delete on entry begin
  select raise(abort, 'an entry is never deleted');
end;

-- The id is the UUID's sixteen bytes, big-endian: it sorts by time.
create table receipt (
  id blob primary key,
  account text not null,
  workspace text not null,
  key_id text not null,
  run_id text,
  occurred_at integer not null,
  settled_at integer not null,
  outcome text not null,
  cost integer not null check (cost >= 0),
  shortfall integer not null check (shortfall >= 0),
  currency text not null,
  delivery text not null,
  paid_by text not null,
  body blob not null
);
create index receipt_of_run on receipt (workspace, run_id) where run_id is not null;

create table key_day (
  key_id text not null,
  day text not null,
  spent integer not null,
  primary key (key_id, day)
) without rowid;

create table posting (
  id text primary key,
  account text not null,
  kind text not null,
  bucket text not null,
  amount integer not null,
  note text,
  actor text not null,
  idempotency_key text,
  fingerprint text,
  at integer not null
) without rowid;
create unique index posting_once on posting (account, idempotency_key) where idempotency_key is not null;

create table resource (
  kind text not null,
  id text not null,
  workspace text not null,
  lookup text,
  body blob not null,
  version integer not null,
  created_at integer not null,
  updated_at integer not null,
  primary key (kind, id)
);
create unique index resource_lookup on resource (kind, lookup) where lookup is not null;
create index resource_of_workspace on resource (kind, workspace, id);

-- What a write under an Idempotency-Key returned, for its replay.
create table resource_write (
  actor text not null,
  idempotency_key text not null,
  fingerprint text not null,
  kind text not null,
  id text not null,
  workspace text not null,
  lookup text,
  body blob not null,
  version integer not null,
  created_at integer not null,
  updated_at integer not null,
  at integer not null,
  primary key (actor, idempotency_key)
);
create index resource_write_at on resource_write (at);

create table audit (
  id integer primary key,
  workspace text not null,
  actor text not null,
  action text not null,
  kind text not null,
  resource_id text not null,
  before blob,
  after blob,
  at integer not null
);
create index audit_of_workspace on audit (workspace, id);
