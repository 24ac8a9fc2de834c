select delivery as "Delivery", settled_at as "SettledAt", paid_by as "PaidBy", body as "Body", refunded as "Refunded", block as "Block"
from receipt
where id = @id and occurred_at = uuid7_at(@id)
  and (@workspace::text is null or workspace = @workspace) and (@keyId::text is null or key_id = @keyId);
