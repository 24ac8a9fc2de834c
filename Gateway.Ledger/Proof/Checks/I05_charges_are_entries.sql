select 'receipt ' || receipt.reference || ' costs ' || receipt.cost || ' nano-credits, its entries charge ' || coalesce(-charged.total, 0)
from receipt_reference as receipt
left join (
  select entry.account, entry.reference, sum(entry.amount) as total
  from entry
  where entry.kind = 'charge' and entry.bucket not in ('revenue', 'shortfall')
  group by entry.account, entry.reference
) as charged on charged.account = receipt.account and charged.reference = receipt.reference
where receipt.cost <> coalesce(-charged.total, 0);
