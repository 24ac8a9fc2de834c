delete from response_origin
where (workspace, response_id) in (select workspace, response_id from response_origin where expires_at <= @now limit 1000);
