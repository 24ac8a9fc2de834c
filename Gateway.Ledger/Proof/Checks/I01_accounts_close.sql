-- Double entry: what one bucket gains, others lose.
select 'the entries of ' || account || ' in ' || currency || ' sum to ' || sum(amount) || ' nano-credits, not to 0'
from entry
group by account, currency
having sum(amount) <> 0;
