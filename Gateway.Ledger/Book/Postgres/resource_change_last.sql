-- Writes of resources come one after the other (resource_version), so their audit records have ids in the order of their commits.
select coalesce(max(id), 0)
from audit
where kind = any(@kinds);
