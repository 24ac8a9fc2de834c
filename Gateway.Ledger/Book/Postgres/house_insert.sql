insert into bucket (account, id, kind, currency, created_at)
select account, name, name, currency, @at
from unnest(@accounts, @names, @currencies) as h (account, name, currency)
order by account, name, currency
on conflict do nothing;
