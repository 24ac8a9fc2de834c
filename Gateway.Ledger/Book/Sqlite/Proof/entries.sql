-- Cast: SQLite keeps any type in any column, and a changed row must be read to be named.
select cast(account as text) as "Account", cast(bucket as text) as "Bucket", cast(currency as text) as "Currency", cast(version as integer) as "Version",
  cast(reference as text) as "Reference", cast(kind as text) as "Kind", cast(amount as integer) as "Amount", cast(previous as integer) as "Previous",
  cast(new as integer) as "New", cast(occurred_at as integer) as "OccurredAt", cast(block as integer) as "Block"
from entry
where block >= @first and block <= @last;
