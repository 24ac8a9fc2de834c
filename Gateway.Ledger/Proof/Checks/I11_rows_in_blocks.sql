select 'receipt ' || receipt.reference || coalesce(' names block ' || receipt.block || ', which does not exist', ' is in no block')
from receipt_reference as receipt
where receipt.block is null or not exists (select 1 from block where block.id = receipt.block)
union all
select 'entry ' || entry.version || ' of bucket ' || entry.bucket || ' of ' || entry.account
  || coalesce(' names block ' || entry.block || ', which does not exist', ' is in no block')
from entry
where entry.block is null or not exists (select 1 from block where block.id = entry.block);
