-- What can be in the way is of an older epoch: live, so void, or over and never recorded, so it is charged again where the balances do not have it.
insert into front_hold
  (receipt, account, epoch, gateway, key_id, member_id, request, amount, split, rates, held_at, admitted, tokens, lease_ends, checkpoint, delivered, state)
values
  (@receipt, @account, @epoch, @gateway, @key, @member, @request, @amount, @split, @rates, @held_at, @admitted, @tokens, @lease_ends, @checkpoint, @delivered, 'live')
on conflict (receipt) do update
set epoch = excluded.epoch, gateway = excluded.gateway, request = excluded.request, amount = excluded.amount, split = excluded.split, rates = excluded.rates,
  held_at = excluded.held_at, admitted = excluded.admitted, tokens = excluded.tokens, lease_ends = excluded.lease_ends, checkpoint = excluded.checkpoint,
  delivered = excluded.delivered, state = excluded.state, charged = null, shortfall = null, paid_by = null, balance = null, settled = null, ended_at = null;
