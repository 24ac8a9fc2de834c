delete from resource
where kind = @kind and id = @id;
