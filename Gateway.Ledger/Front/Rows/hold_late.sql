insert into front_hold
  (receipt, account, epoch, gateway, key_id, amount, split, held_at, admitted, tokens, lease_ends, state, charged, shortfall, paid_by, balance, settled, ended_at)
values
  (@receipt, @account, @epoch, @gateway, @key, 0, '[]', @held_at, @admitted, 0, @ended_at, 'over', @charged, @shortfall, @paid_by, @balance, @settled, @ended_at)
on conflict (receipt) do update
set epoch = excluded.epoch, gateway = excluded.gateway, amount = 0, split = excluded.split, state = 'over', charged = excluded.charged,
  shortfall = excluded.shortfall, paid_by = excluded.paid_by, balance = excluded.balance, settled = excluded.settled, ended_at = excluded.ended_at;
