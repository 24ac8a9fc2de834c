insert into bucket (account, id, kind, provider, model, currency, priority, promotional, created_at, expires_at)
values (@Account, @Id, @Kind, @Provider, @Model, @Currency, @Priority, @Promotional, @CreatedAt, @ExpiresAt)
returning no;
