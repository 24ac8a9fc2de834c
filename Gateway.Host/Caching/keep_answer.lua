#!lua
-- Stores an answer within the workspace's budget.
-- KEYS     1 answer
-- ARGV     1 prefix of the workspace's keys  2 member (a:<key>)  3 the answer's bytes  4 time to live in ms  5 budget in bytes
-- returns  1 stored | 0 no room
-- expiry   the answer's own; the bookkeeping's is that of the last entry
--@ room.lua
local prefix, member, bytes, ttl, budget = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5])
local size = #bytes + overhead
drop(prefix, member)
if size > budget or not makeRoom(prefix, size, budget) then return 0 end
redis.call('SET', KEYS[1], bytes, 'PX', ttl)
account(prefix, member, size, ttl)
return 1
