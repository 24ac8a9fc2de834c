update stored_answer
set fetched_at = coalesce(fetched_at, @now), refund_due = false
where no = @no and expires_at > @now;
