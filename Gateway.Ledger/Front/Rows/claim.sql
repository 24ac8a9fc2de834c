-- What has waited for a minute is anybody's: its gateway has lost it.
select receipt, gateway, settled, epoch from front_hold
where state = 'over' and recorded_at is null
  and (gateway is null or not gateway = any(@recording) or ended_at < coalesce(@now, clock_timestamp()) - interval '1 minute')
order by ended_at limit @most;
