insert into resource_write (actor, idempotency_key, fingerprint, kind, id, workspace, lookup, body, version, created_at, updated_at, at)
values (@Actor, @IdempotencyKey, @Fingerprint, @Kind, @Id, @Workspace, @Lookup, @Body, @Version, @CreatedAt, @UpdatedAt, @At)
on conflict (actor, idempotency_key) do update
set fingerprint = excluded.fingerprint, kind = excluded.kind, id = excluded.id, workspace = excluded.workspace, lookup = excluded.lookup,
  body = excluded.body, version = excluded.version, created_at = excluded.created_at, updated_at = excluded.updated_at, at = excluded.at;
