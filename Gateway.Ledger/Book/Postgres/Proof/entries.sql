select account as "Account", bucket as "Bucket", currency as "Currency", version as "Version", reference as "Reference", kind as "Kind",
  amount as "Amount", previous as "Previous", new as "New", (extract(epoch from occurred_at) * 1000000)::bigint as "OccurredAt", block as "Block"
from entry
where block >= @first and block <= @last;
