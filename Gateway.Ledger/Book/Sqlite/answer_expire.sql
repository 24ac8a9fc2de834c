delete from stored_answer
where no in (select no from stored_answer where expires_at <= @now and refund_due = 0 limit 1000);
