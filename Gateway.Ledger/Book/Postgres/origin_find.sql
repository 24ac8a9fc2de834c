select workspace as "Workspace", response_id as "ResponseId", channel as "ChannelId", upstream_model as "UpstreamModel", created_at as "CreatedAt"
from response_origin
where workspace = @workspace and response_id = @responseId and expires_at > @now;
