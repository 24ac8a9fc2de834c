-- One block for each recorded batch or posting, in the chain of the gateway that wrote it: layout in Gateway.Ledger/Proof/BlockLayout.cs.
create table block (
  id integer primary key,
  chain text not null,
  number integer not null,
  previous blob not null,
  hash blob not null,
  signature blob,
  key_id text,
  rows integer not null,
  at integer not null,
  unique (chain, number)
);
create trigger block_is_never_updated before update on block begin
  select raise(abort, 'a block is never changed');
end;
create trigger block_is_never_deleted before delete on block begin
  select raise(abort, 'a block is never deleted');
end;

-- What each chain had come to at the end of a UTC day. chains: [{"chain","number","hash"}] in order of chain.
create table daily_root (
  day text primary key,
  chains text not null,
  previous blob not null,
  root blob not null,
  signature blob,
  key_id text,
  at integer not null
) without rowid;

alter table receipt add column block integer;
create index receipt_of_block on receipt (block);
create trigger receipt_is_never_deleted before delete on receipt begin
  select raise(abort, 'a receipt is never deleted');
end;
-- Its delivery may change: a refund says so, by entries of its own.
create trigger receipt_is_never_changed
before update of id, account, workspace, key_id, run_id, occurred_at, settled_at, outcome, cost, shortfall, currency, paid_by, body on receipt begin
  select raise(abort, 'a receipt is never changed');
end;
create trigger receipt_stays_in_its_block before update of block on receipt when old.block is not null begin
  select raise(abort, 'a receipt is never moved');
end;

-- Rows from before there were blocks are put into some at the next opening: only then may a block be set.
alter table entry add column block integer;
create index entry_of_block on entry (block);
drop trigger entry_is_never_updated;
create trigger entry_is_never_updated
before update of id, account, bucket, currency, version, reference, kind, amount, previous, new, occurred_at on entry begin
  select raise(abort, 'an entry is never changed');
end;
create trigger entry_stays_in_its_block before update of block on entry when old.block is not null begin
  select raise(abort, 'an entry is never moved');
end;

-- The receipt as its entries name it.
create view receipt_reference as
select 'ul_' || lower(hex(id)) as reference, id, account, workspace, outcome, delivery, cost, shortfall, currency, block
from receipt;
