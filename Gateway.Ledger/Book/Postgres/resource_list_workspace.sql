select kind as "Kind", id as "Id", workspace as "Workspace", lookup as "Lookup", body as "Body", version as "Version", created_at as "CreatedAt", updated_at as "UpdatedAt"
from resource
where kind = @kind and workspace = @workspace and id > @after
order by id
limit @limit;
