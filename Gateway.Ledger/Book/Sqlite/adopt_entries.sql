select account as "Account", bucket as "Bucket", currency as "Currency", version as "Version", reference as "Reference", kind as "Kind",
  amount as "Amount", previous as "Previous", new as "New", occurred_at as "OccurredAt", 0 as "Block"
from entry
where block is null
limit @limit;
