insert into entry (account, bucket, currency, version, reference, kind, amount, previous, new, occurred_at)
values (@account, @bucket, @currency, @version, @reference, @kind, @amount, @previous, @new, @occurredAt);
