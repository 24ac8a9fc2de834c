select change.id as "Place", change.kind as "Kind", change.resource_id as "Id", change.workspace as "Workspace", resource.lookup as "Lookup", resource.body as "Body",
  resource.version as "Version", resource.created_at as "CreatedAt", resource.updated_at as "UpdatedAt"
from audit change
left join resource on resource.kind = change.kind and resource.id = change.resource_id
where change.kind in @kinds and change.id > @after
order by change.id
limit @limit;
