select id
from receipt
where run_id = @RunId and (@Workspace is null or workspace = @Workspace) and (@KeyId is null or key_id = @KeyId)
  and hex(id) not in (select value from json_each(@except))
  and (@before is null or id < @before)
order by id desc
limit @limit;
