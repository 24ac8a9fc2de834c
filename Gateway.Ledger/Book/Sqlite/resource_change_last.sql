select coalesce(max(id), 0)
from audit
where kind in @kinds;
