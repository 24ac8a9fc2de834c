delete from response_origin
where workspace = @workspace and response_id = @responseId;
