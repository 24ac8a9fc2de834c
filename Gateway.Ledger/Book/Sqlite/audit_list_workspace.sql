select id as "Id", workspace as "Workspace", actor as "Actor", action as "Action", kind as "Kind", resource_id as "ResourceId", before as "Before", after as "After",
  at as "At"
from audit
where workspace = @workspace and id < @before
order by id desc
limit @limit;
