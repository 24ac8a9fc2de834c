select no as "No", fingerprint as "Fingerprint", receipt as "Receipt", status as "Status", content_type as "ContentType", headers as "Headers", body as "Body", done_at as "DoneAt"
from stored_answer
where key_id = @keyId and fingerprint = @fingerprint and idempotency_key is null and body is not null and done_at >= @since and expires_at > @now
order by done_at desc
limit 1;
