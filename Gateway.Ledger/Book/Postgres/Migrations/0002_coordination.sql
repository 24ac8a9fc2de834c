-- Which front is in force, and who is alive to agree on it.
create table front_state (
  one boolean primary key default true check (one),
  epoch bigint not null,
  front text not null check (front in ('redis', 'book')),
  phase text not null check (phase in ('drain', 'restore', 'open')),
  -- The life of the Redis servers that the epoch was opened with.
  life text,
  changed_at timestamptz not null default now()
);
insert into front_state (epoch, front, phase) values (1, 'book', 'open');

create table gateway (
  id text primary key,
  started_at timestamptz not null,
  seen_at timestamptz not null,
  -- What it has acknowledged.
  epoch bigint not null,
  phase text not null check (phase in ('drain', 'restore', 'open')),
  redis_ok boolean
);

-- A row lock for sharing asks for the right to update.
select grant_gateway('front_state', 'select, update');
select grant_gateway('gateway', 'select, insert, update, delete');
