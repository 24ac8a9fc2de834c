alter table receipt add column member_id text;
alter table receipt add column refunded bigint not null default 0 check (refunded >= 0);
select grant_gateway('receipt', 'update (refunded)');

-- A refund names its receipt, and why it was made.
alter table posting add column receipt uuid;
alter table posting add column reason text;
create index posting_of_receipt on posting (receipt) where receipt is not null;

create table member_day (
  member_id text not null,
  day date not null,
  spent bigint not null,
  primary key (member_id, day)
) with (fillfactor = 50);
select grant_gateway('member_day', 'select, insert, update');

-- What the sweep looks for. Without the balance: an index that names it would have every charge write to it.
create index bucket_to_expire on bucket (expires_at) where kind = 'pack' and expires_at is not null;
