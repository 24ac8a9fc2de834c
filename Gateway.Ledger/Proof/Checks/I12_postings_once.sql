select 'idempotency key ' || idempotency_key || ' of ' || account || ' posted ' || count(*) || ' times'
from posting
where idempotency_key is not null
group by account, idempotency_key
having count(*) > 1;
