update receipt
set block = @block
where id = @Id and block is null;
