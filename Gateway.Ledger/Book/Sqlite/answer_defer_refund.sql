update stored_answer
set refund_due = case when fetched_at is null then 1 else 0 end
where receipt = @receipt and (fetched_at is not null or (body is not null and expires_at > @now));
