select receipt, gateway, settled, epoch from front_hold
where state = 'over' and recorded_at is null and (gateway is null or not gateway = any(@recording))
order by ended_at limit @most;
