delete from gateway
where id = @gateway or seen_at < now() - interval '1 day';
