update receipt
set delivery = 'refunded', refunded = cost
where id = @id and occurred_at = uuid7_at(@id) and delivery <> 'refunded' and refunded = 0
returning account as "Account", workspace as "Workspace", key_id as "KeyId", member_id as "MemberId", occurred_at as "OccurredAt", cost as "Cost",
  shortfall as "Shortfall", currency as "Currency", paid_by as "PaidBy", 0::bigint as "Refunded";
