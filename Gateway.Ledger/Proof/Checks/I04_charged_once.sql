-- Revenue takes a shortfall's entry beside the charge's.
select 'receipt ' || reference || ' is charged to bucket ' || bucket || ' ' || count(*) || ' times'
from entry
where kind = 'charge' and bucket <> 'revenue'
group by account, currency, reference, bucket
having count(*) > 1;
