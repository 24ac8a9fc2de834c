select no as "No", account as "Account", id as "Id", kind as "Kind", provider as "Provider", model as "Model", currency as "Currency", priority as "Priority",
  promotional as "Promotional", created_at as "CreatedAt", expires_at as "ExpiresAt", credited as "Credited", spent as "Spent", posted as "Posted",
  version as "Version", credit_version as "CreditVersion"
from bucket
where kind = 'pack' and posted > 0 and expires_at < @expiredBefore
order by expires_at
limit @limit;
