-- Resource writes come one after the other (resource_version), so a look-up name that is free here is free at the commit.
update resource
set lookup = @Lookup, body = @Body, version = @Version, updated_at = @UpdatedAt
where kind = @Kind and id = @Id
  and not exists (select from resource other where other.kind = @Kind and other.lookup = @Lookup and other.id <> @Id);
