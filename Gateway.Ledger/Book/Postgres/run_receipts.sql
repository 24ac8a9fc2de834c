select id
from receipt
where run_id = @RunId and (@Workspace::text is null or workspace = @Workspace) and (@KeyId::text is null or key_id = @KeyId)
  and id <> all (@except)
  and (@before::uuid is null or id < @before)
order by id desc
limit @limit;
