#!lua
-- Adds a question to its partition within the workspace's budget.
-- KEYS     1 list of questions  2 hash: life (when the list began), base (questions that have left it)
-- ARGV     1 prefix of the workspace's keys  2 member (q:<key>)  3 the question's bytes  4 time to live in ms  5 budget in bytes  6 most questions
-- returns  1 stored | 0 no room
-- expiry   the longest of its questions'
--@ room.lua
local prefix, member, bytes, ttl, budget, most = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local size = #bytes + overhead
if size > budget or not makeRoom(prefix, size, budget) then return 0 end
if redis.call('EXISTS', KEYS[2]) == 0 then
  -- A list without its hash is of another life.
  drop(prefix, member)
  local time = redis.call('TIME')
  redis.call('HSET', KEYS[2], 'life', time[1] .. string.format('%06d', time[2]), 'base', 0)
end
redis.call('RPUSH', KEYS[1], bytes)
if redis.call('LLEN', KEYS[1]) > most then
  size = size - #redis.call('LPOP', KEYS[1]) - overhead
  redis.call('HINCRBY', KEYS[2], 'base', 1)
end
atLeast(KEYS[1], ttl)
atLeast(KEYS[2], ttl)
account(prefix, member, size, ttl)
return 1
