update or ignore resource
set lookup = @Lookup, body = @Body, version = @Version, updated_at = @UpdatedAt
where kind = @Kind and id = @Id;
