insert into bucket (account, id, kind, provider, model, currency, created_at, expires_at)
values (@account, @id, @kind, @provider, @model, @currency, @createdAt, @expiresAt);
