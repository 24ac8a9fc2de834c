#!lua flags=allow-oom
-- Moves a lease forward and a checkpoint upward, never back.
-- KEYS     1 epoch  2 hold  3 leases
-- ARGV     1 epoch  2 receipt  3 now in us ('': the server's)  4 lease in us  5 checkpoint  6 its usage
-- returns  ok | over: settled, reaped or never held | epoch
-- expiry   none
--@ common.lua
if not inEpoch(KEYS[1], ARGV[1]) then return { 'epoch' } end
local hold = redis.call('HMGET', KEYS[2], 'ep', 'st', 'amt', 'ck')
if hold[1] ~= ARGV[1] or hold[2] ~= '1' then return { 'over' } end
if not redis.call('ZSCORE', KEYS[3], ARGV[2]) then return { 'over' } end
local ends = text(clock(ARGV[3]) + tonumber(ARGV[4]))
local checkpoint = math.min(tonumber(ARGV[5]), tonumber(hold[3]))
local higher = checkpoint >= tonumber(hold[4])

-- ---- nothing below this line can fail: the reads above have proven every type ----
if higher then redis.call('HSET', KEYS[2], 'ck', text(checkpoint), 'us', ARGV[6]) end
redis.call('ZADD', KEYS[3], 'XX', 'GT', ends, ARGV[2])
return { 'ok' }
