select receipt
from stored_answer
where refund_due and expires_at <= @now
order by expires_at
limit 1000;
