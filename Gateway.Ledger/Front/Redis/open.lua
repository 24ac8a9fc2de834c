#!lua flags=allow-oom
-- Puts a shard into an epoch; upward only. Leases of an older epoch go: its holds are registered again.
-- KEYS     1 epoch  2 leases
-- ARGV     1 epoch  2 life of the servers
-- returns  ok | newer: a later epoch runs | life: the same epoch was opened by another life of the servers
-- expiry   none
local epoch, life = string.match(redis.call('GET', KEYS[1]) or '', '^(%d+):(.*)$')
if epoch and tonumber(epoch) > tonumber(ARGV[1]) then return { 'newer' } end
if epoch == ARGV[1] then return { life == ARGV[2] and 'ok' or 'life' } end

-- ---- nothing below this line can fail ----
redis.call('SET', KEYS[1], ARGV[1] .. ':' .. ARGV[2])
redis.call('DEL', KEYS[2])
return { 'ok' }
