insert or replace into resource_write (actor, idempotency_key, fingerprint, kind, id, workspace, lookup, body, version, created_at, updated_at, at)
values (@Actor, @IdempotencyKey, @Fingerprint, @Kind, @Id, @Workspace, @Lookup, @Body, @Version, @CreatedAt, @UpdatedAt, @At);
