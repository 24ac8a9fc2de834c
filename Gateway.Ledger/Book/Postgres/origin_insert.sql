insert into response_origin (workspace, response_id, channel, upstream_model, created_at, expires_at)
select workspace, response_id, channel, upstream_model, created_at, expires_at
from unnest(@workspaces, @responseIds, @channels, @upstreamModels, @createdAts, @expiresAts)
  as made (workspace, response_id, channel, upstream_model, created_at, expires_at)
order by workspace, response_id
on conflict (workspace, response_id) do nothing;
