-- What a receipt says was given back is what was posted for it, and what its buckets got: entries under the receipt's own name, or under a posting's.
select 'receipt ' || receipt.reference || ' of ' || receipt.cost || ' nano-credits says ' || stored.refunded || ' were given back, its postings '
  || (coalesce(posted.total, 0) + coalesce(voided.total, 0)) || ', its entries ' || (coalesce(direct.total, 0) + coalesce(asked.total, 0))
from receipt_reference as receipt
join receipt as stored on stored.id = receipt.id
left join (select receipt, sum(amount) as total from posting where kind = 'refund' group by receipt) as posted
  on posted.receipt = stored.id
left join (
  select account, reference, sum(amount) as total
  from entry
  where kind = 'void' and bucket not in ('revenue', 'shortfall')
  group by account, reference
) as voided on voided.account = receipt.account and voided.reference = receipt.reference
left join (
  select account, reference, sum(amount) as total
  from entry
  where kind in ('void', 'refund') and bucket not in ('revenue', 'shortfall')
  group by account, reference
) as direct on direct.account = receipt.account and direct.reference = receipt.reference
left join (
  select posting.receipt, sum(entry.amount) as total
  from posting
  join entry on entry.account = posting.account and entry.reference = posting.id
  where posting.kind = 'refund' and entry.kind = 'refund' and entry.bucket not in ('revenue', 'shortfall')
  group by posting.receipt
) as asked on asked.receipt = stored.id
where stored.refunded > receipt.cost
  or stored.refunded <> coalesce(posted.total, 0) + coalesce(voided.total, 0)
  or stored.refunded <> coalesce(direct.total, 0) + coalesce(asked.total, 0)
union all
select 'refund ' || posting.id || ' of ' || posting.amount || ' nano-credits is of a receipt that does not exist'
from posting
where posting.kind = 'refund' and not exists (select 1 from receipt where receipt.id = posting.receipt);
