select id as "Id", account as "Account", workspace as "Workspace", key_id as "KeyId", run_id as "RunId", occurred_at as "OccurredAt",
  settled_at as "SettledAt", outcome as "Outcome", cost as "Cost", shortfall as "Shortfall", currency as "Currency", paid_by as "PaidBy",
  body as "Body", 0 as "Block"
from receipt
where block is null
limit @limit;
