insert into receipt (id, account, workspace, key_id, member_id, run_id, occurred_at, settled_at, outcome, cost, shortfall, currency, delivery, paid_by, body, block)
select id, account, workspace, key_id, member_id, run_id, uuid7_at(id), settled_at, outcome, cost, shortfall, currency, delivery, paid_by, body, @block
from unnest(@ids, @accounts, @workspaces, @keyIds, @memberIds, @runIds, @settledAts, @outcomes, @costs, @shortfalls, @currencies, @deliveries, @paidBys, @bodies)
  as r (id, account, workspace, key_id, member_id, run_id, settled_at, outcome, cost, shortfall, currency, delivery, paid_by, body)
order by id
on conflict do nothing;
