-- One block for each recorded batch or posting, in the chain of the gateway that wrote it: layout in Gateway.Ledger/Proof/BlockLayout.cs.
create sequence block_id as bigint;
select grant_gateway('sequence block_id', 'usage');

-- Where each chain ends. Locked after the buckets, so that a gateway's own transactions follow each other and no other gateway waits.
create table chain (
  name text collate "C" primary key,
  number bigint not null,
  hash bytea not null,
  at timestamptz not null
) with (fillfactor = 50);
select grant_gateway('chain', 'select, insert, update (number, hash, at)');

create table block (
  id bigint primary key,
  chain text collate "C" not null,
  number bigint not null,
  previous bytea not null,
  hash bytea not null,
  signature bytea,
  key_id text,
  rows integer not null,
  at timestamptz not null,
  unique (chain, number)
);
select grant_gateway('block', 'select, insert');
create function refuse_block_change() returns trigger language plpgsql as $$
begin
  raise exception 'a block is never %', case tg_op when 'UPDATE' then 'changed' else 'deleted' end;
end
$$;
create trigger block_is_never_changed before update or delete on block for each row execute function refuse_block_change();
create trigger block_is_never_truncated before truncate on block for each statement execute function refuse_block_change();

-- What each chain that grew had come to at the end of a UTC day. chains: [{"chain","number","hash"}] in order of chain.
create table daily_root (
  day text collate "C" primary key,
  chains text not null,
  previous bytea not null,
  root bytea not null,
  signature bytea,
  key_id text,
  at timestamptz not null
);
select grant_gateway('daily_root', 'select, insert');

alter table receipt add column block bigint;
create index receipt_of_block on receipt (block);
alter table entry add column block bigint;
create index entry_of_block on entry (block);

-- The receipt as its entries name it.
create view receipt_reference as
select 'ul_' || replace(id::text, '-', '') as reference, id, account, workspace, outcome, delivery, cost, shortfall, currency, block
from receipt;
select grant_gateway('receipt_reference', 'select');
