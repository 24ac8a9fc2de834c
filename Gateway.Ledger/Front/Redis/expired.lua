#!lua flags=no-writes
-- The calls of a shard whose lease is over.
-- KEYS     1 epoch  2 leases
-- ARGV     1 epoch  2 now in us ('': the server's)  3 at most so many
-- returns  ok, receipts | epoch
--@ common.lua
if not inEpoch(KEYS[1], ARGV[1]) then return { 'epoch' } end
local found = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', text(clock(ARGV[2])), 'LIMIT', 0, ARGV[3])
table.insert(found, 1, 'ok')
return found
