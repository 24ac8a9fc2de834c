update front_hold
set state = 'over', gateway = @gateway, charged = @charged, shortfall = @shortfall, paid_by = @paid_by, balance = @balance,
  settled = @settled, ended_at = @ended_at, recorded_at = case when @settled::bytea is null then @ended_at end
where receipt = @receipt;
