update receipt
set refunded = refunded + @amount, delivery = case when refunded + @amount = cost then 'refunded' else delivery end
where id = @id;
