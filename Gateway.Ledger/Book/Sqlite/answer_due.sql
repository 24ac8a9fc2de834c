select receipt
from stored_answer
where refund_due = 1 and expires_at <= @now
order by expires_at
limit 1000;
