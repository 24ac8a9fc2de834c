update stored_answer
set refund_due = fetched_at is null
where receipt = @receipt and (fetched_at is not null or (body is not null and expires_at > @now));
