insert into audit (workspace, actor, action, kind, resource_id, before, after, at)
values (@workspace, @actor, @action, @kind, @resourceId, @before, @after, @at);
