update receipt
set refunded = refunded + @amount, delivery = case when refunded + @amount = cost then 'refunded' else delivery end
where id = @id and occurred_at = uuid7_at(@id);
