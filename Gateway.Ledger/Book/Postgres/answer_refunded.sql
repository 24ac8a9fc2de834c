delete from stored_answer
where receipt = @receipt and refund_due and expires_at <= @now;
