insert into score (workspace, receipt, key_id, rule_id, tag, strength, arm, source, score, note, created_at)
values (@Workspace, @Receipt, @KeyId, @RuleId, @Tag, @Strength, @Arm, @Source, @Score, @Note, @CreatedAt)
on conflict (receipt, source) do nothing
returning id;
