-- The front while it is kept in the book. Everything of one account is serialised by its row in front_account.
-- Rows of another epoch than front_state's are void, but for what is settled: that stays until it is recorded.

-- The epoch that the rows were opened for; no row: none yet. front_state says whether they are the front at all.
create table front_opened (
  one boolean primary key default true check (one),
  epoch bigint not null
);

create table front_account (
  account text primary key,
  epoch bigint not null,
  -- Terms, credited, spent and held of each bucket. Unit of the amounts: nano-credits.
  buckets json not null
);
create index front_account_epoch on front_account (epoch);

-- The clocks are those of the generic cell rate algorithm: ticks (100 ns) since the year 1. Spent and held: by day, week, month, and ever.
create table front_key (
  account text not null,
  key_id text not null,
  epoch bigint not null,
  day date not null,
  open integer not null check (open >= 0),
  request_clock bigint not null,
  token_clock bigint not null,
  spent bigint[] not null,
  held bigint[] not null,
  primary key (account, key_id)
);
create index front_key_epoch on front_key (epoch);

create table front_member (
  account text not null,
  member_id text not null,
  epoch bigint not null,
  day date not null,
  spent bigint[] not null,
  held bigint[] not null,
  primary key (account, member_id)
);
create index front_member_epoch on front_member (epoch);

create table front_hold (
  receipt uuid primary key,
  account text not null,
  epoch bigint not null,
  -- Whose call it is, and who records it; null: reaped, so that anyone may.
  gateway text,
  key_id text not null,
  member_id text,
  -- What was asked, for those who end a hold that is not theirs; null: it was charged late, without a hold.
  request json,
  amount bigint not null check (amount >= 0),
  split json not null,
  rates json,
  held_at timestamptz not null,
  admitted date not null,
  tokens bigint not null,
  lease_ends timestamptz not null,
  checkpoint bigint not null default 0,
  delivered json,
  state text not null check (state in ('live', 'over')),
  -- What the first settlement did.
  charged bigint,
  shortfall bigint,
  paid_by json,
  balance bigint,
  -- The call as the book must record it; null: a void, nothing to record.
  settled bytea,
  ended_at timestamptz,
  recorded_at timestamptz,
  check (state = 'live' or (charged is not null and shortfall is not null and paid_by is not null and balance is not null and ended_at is not null))
);
create index front_hold_lease on front_hold (lease_ends) where state = 'live';
create index front_hold_unrecorded on front_hold (ended_at) where state = 'over' and recorded_at is null;
create index front_hold_recorded on front_hold (recorded_at) where recorded_at is not null;

-- Rows of the front come and go: what must never change is in the book.
select grant_gateway('front_opened', 'select, insert, update');
select grant_gateway('front_account', 'select, insert, update');
select grant_gateway('front_key', 'select, insert, update');
select grant_gateway('front_member', 'select, insert, update');
select grant_gateway('front_hold', 'select, insert, update, delete');
