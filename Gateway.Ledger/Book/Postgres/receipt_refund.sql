update receipt
set delivery = 'refunded'
where id = @id and occurred_at = uuid7_at(@id) and delivery <> 'refunded'
returning account as "Account", key_id as "KeyId", occurred_at as "OccurredAt", cost as "Cost", shortfall as "Shortfall", currency as "Currency", paid_by as "PaidBy";
