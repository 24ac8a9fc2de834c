select id as "Id", account as "Account", kind as "Kind", bucket as "Bucket", amount as "Amount", note as "Note", actor as "Actor",
  idempotency_key as "IdempotencyKey", fingerprint as "Fingerprint", receipt as "Receipt", reason as "Reason", at as "At"
from posting
where receipt = @receipt
order by at, id;
