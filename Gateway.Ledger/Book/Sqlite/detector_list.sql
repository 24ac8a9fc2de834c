select id as "Id", workspace as "Workspace", rule_id as "RuleId", tag as "Tag", strength as "Strength", summary as "Summary", version as "Version",
  updated_at as "UpdatedAt"
from detector
where id > @after and summary is not null
order by id
limit @limit;
