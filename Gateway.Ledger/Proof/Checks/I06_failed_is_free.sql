select 'receipt ' || reference || ' is ' || outcome || ' and costs ' || cost || ' nano-credits'
from receipt_reference
where outcome in ('failed', 'empty', 'rejected', 'cached') and cost <> 0;
