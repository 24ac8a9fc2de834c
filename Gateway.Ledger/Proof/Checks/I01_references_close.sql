-- Double entry, each event by itself.
select 'the ' || kind || ' entries of ' || reference || ' sum to ' || sum(amount) || ' nano-credits, not to 0'
from entry
group by account, currency, reference, kind
having sum(amount) <> 0;
