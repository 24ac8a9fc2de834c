select receipt, gateway, settled, epoch from front_hold
where state = 'over' and recorded_at is null
  and (@recording is null or gateway is null or not gateway = any(@recording) or ended_at < coalesce(@now, clock_timestamp()) - @patience)
order by ended_at limit @most;
