update detector
set state = @state, summary = @summary, version = version + 1, updated_at = @at
where id = @id;
