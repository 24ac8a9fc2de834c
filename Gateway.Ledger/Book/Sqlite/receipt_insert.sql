insert into receipt (id, account, workspace, key_id, member_id, run_id, occurred_at, settled_at, outcome, cost, shortfall, currency, delivery, paid_by, body, block)
values (@id, @account, @workspace, @keyId, @memberId, @runId, @occurredAt, @settledAt, @outcome, @cost, @shortfall, @currency, @delivery, @paidBy, @body, @block)
on conflict do nothing;
