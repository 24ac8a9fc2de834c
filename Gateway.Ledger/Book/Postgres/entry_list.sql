select id as "Id", account as "Account", bucket as "Bucket", currency as "Currency", version as "Version", reference as "Reference", kind as "Kind",
  amount as "Amount", previous as "Previous", new as "New", occurred_at as "OccurredAt"
from entry
where account = @account and id < @before
order by id desc
limit @limit;
