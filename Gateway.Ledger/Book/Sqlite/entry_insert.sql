insert into entry (account, bucket, currency, version, reference, kind, amount, previous, new, occurred_at, block)
values (@account, @bucket, @currency, @version, @reference, @kind, @amount, @previous, @new, @occurredAt, @block);
