select account as "Account", workspace as "Workspace", key_id as "KeyId", member_id as "MemberId", occurred_at as "OccurredAt", cost as "Cost",
  shortfall as "Shortfall", currency as "Currency", paid_by as "PaidBy", refunded as "Refunded"
from receipt
where id = @id and (@workspace is null or workspace = @workspace);
