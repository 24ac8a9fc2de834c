insert into resource (kind, id, workspace, lookup, body, version, created_at, updated_at)
values (@Kind, @Id, @Workspace, @Lookup, @Body, @Version, @CreatedAt, @UpdatedAt)
on conflict do nothing;
