select 1 from front_state
where $1 is null or epoch = $1
for share;
