select id as "Id", workspace as "Workspace", receipt as "Receipt", key_id as "KeyId", rule_id as "RuleId", tag as "Tag", strength as "Strength", arm as "Arm",
  source as "Source", score as "Score", note as "Note", created_at as "CreatedAt"
from score
where receipt = @receipt and source = @source;
