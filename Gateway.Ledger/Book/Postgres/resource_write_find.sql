select fingerprint as "Fingerprint", kind as "Kind", id as "Id", workspace as "Workspace", lookup as "Lookup", body as "Body", version as "Version", created_at as "CreatedAt", updated_at as "UpdatedAt"
from resource_write
where actor = @actor and idempotency_key = @idempotencyKey and at >= @notBefore;
