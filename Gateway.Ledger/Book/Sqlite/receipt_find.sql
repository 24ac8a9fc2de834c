select delivery as "Delivery", settled_at as "SettledAt", paid_by as "PaidBy", body as "Body", refunded as "Refunded", block as "Block"
from receipt
where id = @id and (@workspace is null or workspace = @workspace) and (@keyId is null or key_id = @keyId);
