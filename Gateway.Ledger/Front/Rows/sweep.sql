delete from front_hold where receipt in (
  select receipt from front_hold where recorded_at < coalesce(@now, clock_timestamp()) - @lifetime limit @most for update skip locked);
delete from front_hold where receipt in (
  select receipt from front_hold where state = 'live' and epoch < @epoch limit @most for update skip locked);
