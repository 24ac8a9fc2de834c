select uuid_send(id) as "Id", account as "Account", workspace as "Workspace", key_id as "KeyId", run_id as "RunId",
  (extract(epoch from occurred_at) * 1000000)::bigint as "OccurredAt", (extract(epoch from settled_at) * 1000000)::bigint as "SettledAt", outcome as "Outcome",
  cost as "Cost", shortfall as "Shortfall", currency as "Currency", paid_by as "PaidBy", body as "Body", block as "Block"
from receipt
where block >= @first and block <= @last;
