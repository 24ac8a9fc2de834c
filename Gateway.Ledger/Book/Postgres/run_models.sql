select distinct convert_from(body, 'UTF8')::jsonb ->> 'routedModel'
from receipt
where run_id = @RunId and (@Workspace::text is null or workspace = @Workspace) and (@KeyId::text is null or key_id = @KeyId)
order by 1
limit @models;
