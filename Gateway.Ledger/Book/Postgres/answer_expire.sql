delete from stored_answer
where no in (select no from stored_answer where expires_at <= @now and not refund_due limit 1000);
