select no as "No", fingerprint as "Fingerprint", receipt as "Receipt", status as "Status", content_type as "ContentType", headers as "Headers", body as "Body", done_at as "DoneAt"
from stored_answer
where account = @Account and idempotency_key = @IdempotencyKey;
