select 'entry ' || entry.version || ' of bucket ' || entry.bucket || ' of ' || entry.account || ' charges receipt ' || entry.reference || ', which does not exist'
from entry
where entry.kind = 'charge'
  and entry.reference not in (select reference from receipt_reference where reference is not null);
