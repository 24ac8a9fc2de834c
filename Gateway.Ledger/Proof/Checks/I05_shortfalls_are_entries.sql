select 'the house pays ' || receipt.shortfall || ' nano-credits of receipt ' || receipt.reference || ', its entries say ' || coalesce(-paid.total, 0)
from receipt_reference as receipt
left join (
  select entry.account, entry.reference, sum(entry.amount) as total
  from entry
  where entry.kind = 'charge' and entry.bucket = 'shortfall'
  group by entry.account, entry.reference
) as paid on paid.account = receipt.account and paid.reference = receipt.reference
where receipt.shortfall <> coalesce(-paid.total, 0);
