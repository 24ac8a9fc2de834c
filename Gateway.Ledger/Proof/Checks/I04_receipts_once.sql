select 'receipt ' || reference || ' is there ' || count(*) || ' times'
from receipt_reference
group by reference
having count(*) > 1;
