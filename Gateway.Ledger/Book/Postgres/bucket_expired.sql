-- Not locked: the sweep locks what it finds in the order of all transactions, and looks again.
select account as "Account", id as "Id"
from bucket
where kind = 'pack' and posted > 0 and expires_at < @expiredBefore
order by expires_at
limit @limit;
