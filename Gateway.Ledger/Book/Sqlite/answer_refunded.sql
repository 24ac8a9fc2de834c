delete from stored_answer
where receipt = @receipt and refund_due = 1 and expires_at <= @now;
