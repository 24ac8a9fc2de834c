insert into detector (id, workspace, rule_id, tag, strength, version, updated_at)
values (@id, @Workspace, @RuleId, @Tag, @Strength, 0, @at)
on conflict (id) do nothing;
