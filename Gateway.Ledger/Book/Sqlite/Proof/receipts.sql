-- Cast: SQLite keeps any type in any column, and a changed row must be read to be named.
select cast(id as blob) as "Id", cast(account as text) as "Account", cast(workspace as text) as "Workspace", cast(key_id as text) as "KeyId",
  cast(run_id as text) as "RunId", cast(occurred_at as integer) as "OccurredAt", cast(settled_at as integer) as "SettledAt",
  cast(outcome as text) as "Outcome", cast(cost as integer) as "Cost", cast(shortfall as integer) as "Shortfall", cast(currency as text) as "Currency",
  cast(paid_by as text) as "PaidBy", cast(body as blob) as "Body", cast(block as integer) as "Block"
from receipt
where block >= @first and block <= @last;
