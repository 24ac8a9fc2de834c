select distinct account
from bucket
where account > @after and kind in ('pack', 'credit', 'wallet')
order by account
limit @most;
