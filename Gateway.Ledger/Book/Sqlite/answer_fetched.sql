update stored_answer
set fetched_at = coalesce(fetched_at, @now), refund_due = 0
where no = @no and expires_at > @now;
