delete from resource_write
where at < @notBefore;
