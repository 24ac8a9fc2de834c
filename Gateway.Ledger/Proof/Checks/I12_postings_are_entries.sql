-- Not refunds: one may go back into several buckets, and what was not delivered is entered under the receipt's own name.
select 'posting ' || posting.id || ' moves ' || posting.amount || ' nano-credits on bucket ' || posting.bucket || ', its entries ' || coalesce(moved.total, 0)
from posting
left join (select account, bucket, reference, sum(amount) as total from entry group by account, bucket, reference) as moved
  on moved.account = posting.account and moved.bucket = posting.bucket and moved.reference = posting.id
where posting.kind <> 'refund' and posting.amount <> coalesce(moved.total, 0);
