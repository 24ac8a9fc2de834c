alter table receipt add column member_id text;
alter table receipt add column refunded integer not null default 0 check (refunded >= 0);

-- A refund names its receipt, and why it was made.
alter table posting add column receipt blob;
alter table posting add column reason text;
create index posting_of_receipt on posting (receipt) where receipt is not null;

create table member_day (
  member_id text not null,
  day text not null,
  spent integer not null,
  primary key (member_id, day)
) without rowid;

-- What the sweep looks for. Without the balance, which would have every charge of a pack look at this index.
create index bucket_to_expire on bucket (expires_at) where kind = 'pack' and expires_at is not null;
