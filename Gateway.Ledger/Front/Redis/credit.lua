#!lua flags=allow-oom
-- Tells the new total of a bucket: older news than is known is ignored, an unknown bucket is added at its place in the burn order.
-- KEYS     1 epoch  2 account
-- ARGV     1 epoch  2 id  3 class  4 sort key  5 expiry in us or 0  6 credited  7 spent (of a new bucket)  8 credit version  9 terms as JSON
-- returns  ok | reload: the account is not loaded | epoch
-- expiry   none: never a TTL on an account
--@ common.lua
if not inEpoch(KEYS[1], ARGV[1]) then return { 'epoch' } end
local head = redis.call('HMGET', KEYS[2], 'ep', 'o', 'v:' .. ARGV[2])
if head[1] ~= ARGV[1] then return { 'reload' } end
if head[3] and tonumber(ARGV[8]) <= tonumber(head[3]) then return { 'ok' } end

local order, placed = {}, false
for id in string.gmatch(head[2] or '', '[^\n]+') do
  if id ~= ARGV[2] then
    if not placed and ARGV[4] < redis.call('HGET', KEYS[2], 'k:' .. id) then
      order[#order + 1] = ARGV[2]
      placed = true
    end
    order[#order + 1] = id
  end
end
if not placed then order[#order + 1] = ARGV[2] end

-- ---- nothing below this line can fail: the reads above have proven every type ----
local id = ARGV[2]
redis.call('HSET', KEYS[2], 'o', table.concat(order, '\n'), 'm:' .. id, ARGV[3], 'k:' .. id, ARGV[4], 'x:' .. id, ARGV[5], 'c:' .. id, ARGV[6],
  'v:' .. id, ARGV[8], 't:' .. id, ARGV[9])
if not head[3] then redis.call('HSET', KEYS[2], 's:' .. id, ARGV[7], 'h:' .. id, '0') end
return { 'ok' }
