-- Every transaction that moves balances locks its buckets here, in order of no: two of them never wait for each other.
select b.no, b.account, b.id, b.kind, b.provider, b.model, b.currency, b.priority, b.promotional, b.created_at, b.expires_at, b.credited, b.spent, b.posted,
  b.version, b.credit_version
from unnest(@accounts, @ids) as wanted (account, id)
join bucket b on b.account = wanted.account and b.id = wanted.id
order by b.no
for update of b;
