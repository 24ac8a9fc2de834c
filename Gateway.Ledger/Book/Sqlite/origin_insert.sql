insert into response_origin (workspace, response_id, channel, upstream_model, created_at, expires_at)
values (@Workspace, @ResponseId, @ChannelId, @UpstreamModel, @CreatedAt, @ExpiresAt)
on conflict (workspace, response_id) do nothing;
