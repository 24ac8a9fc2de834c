select account, key_id, member_id, receipt from front_hold
where state = 'live' and epoch = @epoch and lease_ends <= coalesce(@now, clock_timestamp())
order by lease_ends limit @most;
