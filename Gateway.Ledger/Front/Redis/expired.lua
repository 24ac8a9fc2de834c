#!lua flags=no-writes
-- The calls of a shard whose lease is over, and how long it is until the next one's is.
-- KEYS     1 epoch  2 leases
-- ARGV     1 epoch  2 now in us ('': the server's)  3 at most so many
-- returns  ok, us until the next lease ends ('': there is none), receipts | epoch
--@ common.lua
if not inEpoch(KEYS[1], ARGV[1]) then return { 'epoch' } end
local now = clock(ARGV[2])
local found = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', text(now), 'LIMIT', 0, ARGV[3])
local after = redis.call('ZRANGE', KEYS[2], #found, #found, 'WITHSCORES')
table.insert(found, 1, 'ok')
table.insert(found, 2, after[2] and text(after[2] - now) or '')
return found
