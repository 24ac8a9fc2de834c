-- Amounts are bigint nano-credits; times are timestamptz.
--
-- What the gateway's working connections may do is said beside each table by grant_gateway(object, privileges), where object is what GRANT takes
-- after ON: 'audit', 'sequence entry_id', 'function make_month(date)'. It only notes the grant: make_gateway_role(), run at each start, gives it, so
-- that a role that is made later, or lost by a restore into another cluster, gets all of them. A later migration calls grant_gateway for its own tables.
create table gateway_grant (
  object text not null,
  privileges text not null,
  granted_to oid,
  primary key (object, privileges)
);

create function grant_gateway(object text, privileges text) returns void language sql as $$
  insert into gateway_grant (object, privileges) values (object, privileges) on conflict do nothing;
$$;

do $$
begin
  perform grant_gateway(format('schema %I', current_schema()), 'usage');
end
$$;

create function make_gateway_role() returns void language plpgsql as $$
declare
  noted record;
  role_oid oid;
begin
  -- The lock of make_month, which changes the same catalogue rows.
  perform pg_advisory_xact_lock(hashtextextended('gateway.schema', 0));
  if not exists (select from pg_roles where rolname = 'gateway_writer') then
    begin
      create role gateway_writer nologin;
    exception when duplicate_object or unique_violation then
      null; -- Made at the same moment for another database of this cluster.
    end;
  end if;
  if not pg_has_role(current_user, 'gateway_writer', 'member') then
    execute format('grant gateway_writer to %I', current_user);
  end if;
  select oid into role_oid from pg_roles where rolname = 'gateway_writer';
  for noted in select object, privileges from gateway_grant where granted_to is distinct from role_oid loop
    execute format('grant %s on %s to gateway_writer', noted.privileges, noted.object);
  end loop;
  update gateway_grant set granted_to = role_oid where granted_to is distinct from role_oid;
end
$$;

-- The moment of a UUIDv7: its first 48 bits are Unix milliseconds. A double holds every such moment to the microsecond.
create function uuid7_at(id uuid) returns timestamptz language sql immutable strict parallel safe as $$
  select to_timestamp(('x' || substr(replace(id::text, '-', ''), 1, 12))::bit(48)::bigint::double precision / 1000);
$$;

-- Makes one month's partition of every partitioned table; a month that is there is left alone. ATTACH does not wait for the inserts of other months,
-- as CREATE TABLE … PARTITION OF would. SECURITY DEFINER: the working role owns no table.
create function make_month(month date) returns void language plpgsql security definer set search_path from current as $$
declare
  parent text;
  child text;
  starts timestamptz := date_trunc('month', month::timestamp) at time zone 'UTC';
  ends timestamptz := (date_trunc('month', month::timestamp) + interval '1 month') at time zone 'UTC';
begin
  perform pg_advisory_xact_lock(hashtextextended('gateway.schema', 0));
  for parent in
    select c.relname from pg_partitioned_table p join pg_class c on c.oid = p.partrelid
    where c.relnamespace = current_schema()::regnamespace order by c.relname
  loop
    child := parent || '_' || to_char(month, 'YYYY_MM');
    if to_regclass(quote_ident(child)) is null then
      execute format('create table %I (like %I including defaults including constraints including storage)', child, parent);
      execute format('alter table %I attach partition %I for values from (%L) to (%L)', parent, child, starts, ends);
    end if;
  end loop;
end
$$;
revoke all on function make_month(date) from public;
select grant_gateway('function make_month(date)', 'execute');

-- Free room in each page: a balance that moves stays in its page and touches no index.
create table bucket (
  no bigint generated always as identity primary key,
  account text not null,
  id text not null,
  kind text not null check (kind in ('pack', 'credit', 'wallet', 'revenue', 'shortfall', 'expired', 'external', 'adjustment')),
  provider text,
  model text,
  currency text not null,
  priority integer not null default 50,
  promotional boolean not null default false,
  created_at timestamptz not null,
  expires_at timestamptz,
  credited bigint not null default 0,
  spent bigint not null default 0,
  posted bigint not null default 0,
  version bigint not null default 0,
  credit_version bigint not null default 0,
  unique (account, id, currency),
  -- House accounts are mirrored per account and currency; they alone may go below zero, and only their balance counts.
  check (kind not in ('pack', 'credit', 'wallet') or (posted >= 0 and posted = credited - spent)),
  check (kind in ('pack', 'credit', 'wallet') or (id = kind and credited = 0 and spent = 0))
) with (fillfactor = 50);
create unique index bucket_one_of_a_kind on bucket (account, kind, currency) where kind in ('credit', 'wallet');
select grant_gateway('bucket', 'select, insert, update (credited, spent, posted, version, credit_version)');

-- A unique index of a partitioned table must hold the partition's column, so the one below cannot refuse the same version in two months.
-- What does: a version is only ever taken by the transaction that holds the bucket's row lock and writes the row's version back. The nightly check
-- reads every bucket's versions for a gap or a double.
create sequence entry_id as bigint;
create table entry (
  id bigint not null default nextval('entry_id'),
  account text not null,
  bucket text not null,
  currency text not null,
  version bigint not null check (version > 0),
  reference text not null,
  kind text not null check (kind in ('charge', 'void', 'refund', 'top_up', 'pack', 'adjustment', 'expiry')),
  amount bigint not null,
  previous bigint not null,
  new bigint not null,
  occurred_at timestamptz not null,
  primary key (account, id, occurred_at),
  unique (account, bucket, currency, version, occurred_at),
  check (new = previous + amount)
) partition by range (occurred_at);
select grant_gateway('entry', 'select, insert');
select grant_gateway('sequence entry_id', 'usage');

create function refuse_entry_change() returns trigger language plpgsql as $$
begin
  raise exception 'an entry is never %', case tg_op when 'UPDATE' then 'changed' else 'deleted' end;
end
$$;
create trigger entry_is_never_changed before update or delete on entry for each row execute function refuse_entry_change();
create trigger entry_is_never_truncated before truncate on entry for each statement execute function refuse_entry_change();

-- The id fixes occurred_at and with it the one partition that may hold it: the primary key makes an id unique forever.
-- The body is bytes: a signature over it must find it as it was written.
create table receipt (
  id uuid not null,
  account text not null,
  workspace text not null,
  key_id text not null,
  run_id text,
  occurred_at timestamptz not null check (occurred_at = uuid7_at(id)),
  settled_at timestamptz not null,
  outcome text not null,
  cost bigint not null check (cost >= 0),
  shortfall bigint not null check (shortfall >= 0),
  currency text not null,
  delivery text not null check (delivery in ('confirmed', 'unconfirmed', 'refunded')),
  paid_by text not null,
  body bytea not null,
  primary key (id, occurred_at)
) partition by range (occurred_at);
create index receipt_of_run on receipt (workspace, run_id) where run_id is not null;
select grant_gateway('receipt', 'select, insert, update (delivery)');

create table key_day (
  key_id text not null,
  day date not null,
  spent bigint not null,
  primary key (key_id, day)
) with (fillfactor = 50);
select grant_gateway('key_day', 'select, insert, update');

create table posting (
  id text primary key,
  account text not null,
  kind text not null,
  bucket text not null,
  amount bigint not null,
  note text,
  actor text not null,
  idempotency_key text,
  fingerprint text,
  at timestamptz not null
);
create unique index posting_once on posting (account, idempotency_key) where idempotency_key is not null;
select grant_gateway('posting', 'select, insert');

create table resource (
  kind text not null,
  id text collate "C" not null,
  workspace text not null,
  lookup text,
  body bytea not null,
  version bigint not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (kind, id)
);
create unique index resource_lookup on resource (kind, lookup) where lookup is not null;
create index resource_of_workspace on resource (kind, workspace, id);
select grant_gateway('resource', 'select, insert, update, delete');

-- One row, counted up first in each transaction that writes a resource: its lock puts these writes in a row, so a gateway that has seen a number has
-- seen every write up to it.
create table resource_version (
  version bigint not null,
  one boolean primary key default true check (one)
);
insert into resource_version (version) values (0);
select grant_gateway('resource_version', 'select, update');

-- What a write under an Idempotency-Key returned, for its replay.
create table resource_write (
  actor text not null,
  idempotency_key text not null,
  fingerprint text not null,
  kind text not null,
  id text not null,
  workspace text not null,
  lookup text,
  body bytea not null,
  version bigint not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  at timestamptz not null,
  primary key (actor, idempotency_key)
);
create index resource_write_at on resource_write (at);
select grant_gateway('resource_write', 'select, insert, update, delete');

create table audit (
  id bigint generated always as identity primary key,
  workspace text not null,
  actor text not null,
  action text not null,
  kind text not null,
  resource_id text not null,
  before bytea,
  after bytea,
  at timestamptz not null
);
create index audit_of_workspace on audit (workspace, id);
select grant_gateway('audit', 'select, insert');
select grant_gateway('schema_version', 'select');
