-- The only row that can be in the way is a live one of an older epoch: void.
insert into front_hold
  (receipt, account, epoch, gateway, key_id, member_id, request, amount, split, rates, held_at, admitted, tokens, lease_ends, checkpoint, delivered, state)
values
  (@receipt, @account, @epoch, @gateway, @key, @member, @request, @amount, @split, @rates, @held_at, @admitted, @tokens, @lease_ends, @checkpoint, @delivered, 'live')
on conflict (receipt) do update
set epoch = excluded.epoch, gateway = excluded.gateway, request = excluded.request, amount = excluded.amount, split = excluded.split, rates = excluded.rates,
  held_at = excluded.held_at, admitted = excluded.admitted, tokens = excluded.tokens, lease_ends = excluded.lease_ends, checkpoint = excluded.checkpoint,
  delivered = excluded.delivered;
