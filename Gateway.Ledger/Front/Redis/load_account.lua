#!lua
-- Loads an account from the book, unless it is here under this epoch: a load that read the book earlier never wins.
-- KEYS     1 epoch  2 account
-- ARGV     1 epoch  2.. for each bucket in burn order: id, class, sort key, expiry in us or 0, credited, spent, credit version, terms as JSON
-- returns  ok | epoch
-- expiry   none: never a TTL on an account
--@ common.lua
if not inEpoch(KEYS[1], ARGV[1]) then return { 'epoch' } end
if redis.call('TYPE', KEYS[2]).ok == 'hash' and redis.call('HGET', KEYS[2], 'ep') == ARGV[1] then return { 'ok' } end

-- ---- nothing below this line can fail ----
redis.call('DEL', KEYS[2])
local order = {}
for i = 2, #ARGV, 8 do
  local id = ARGV[i]
  order[#order + 1] = id
  redis.call('HSET', KEYS[2], 'm:' .. id, ARGV[i + 1], 'k:' .. id, ARGV[i + 2], 'x:' .. id, ARGV[i + 3], 'c:' .. id, ARGV[i + 4], 's:' .. id, ARGV[i + 5],
    'h:' .. id, '0', 'v:' .. id, ARGV[i + 6], 't:' .. id, ARGV[i + 7])
end
redis.call('HSET', KEYS[2], 'ep', ARGV[1], 'o', table.concat(order, '\n'))
return { 'ok' }
