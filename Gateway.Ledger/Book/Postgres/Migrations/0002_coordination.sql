-- Which front decides, and since when: one row. A change of epoch is a compare-and-set on it.
create table front_state (
  one boolean primary key default true check (one),
  epoch bigint not null,
  front text not null check (front in ('redis', 'book')),
  phase text not null check (phase in ('drain', 'restore', 'open')),
  changed_at timestamptz not null default now()
);
insert into front_state (one, epoch, front, phase) values (true, 1, 'book', 'open');

-- Who is alive, and which phase of which epoch each has acknowledged.
create table gateway (
  id text primary key,
  seen_at timestamptz not null,
  epoch bigint not null,
  phase text not null,
  redis text,
  started_at timestamptz not null
);
