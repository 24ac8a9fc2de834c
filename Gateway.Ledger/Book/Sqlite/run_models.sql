select distinct json_extract(cast(body as text), '$.routedModel')
from receipt
where run_id = @RunId and (@Workspace is null or workspace = @Workspace) and (@KeyId is null or key_id = @KeyId)
order by 1
limit @models;
