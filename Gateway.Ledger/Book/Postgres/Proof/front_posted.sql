select account as "Account", id as "Bucket", posted as "Posted"
from bucket
where account = any(@accounts) and kind in ('pack', 'credit', 'wallet');
select id
from receipt
where id = any(@receipts) and occurred_at between @earliest and @latest;
