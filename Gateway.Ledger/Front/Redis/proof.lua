#!lua flags=no-writes
-- The buckets of some accounts of a shard, and what its live holds and its waiting settlements say of them: all at one moment.
-- Amounts as they stand there, for they may have been written by hand.
-- KEYS     1 epoch  2 leases  3 stream  4.. accounts
-- ARGV     1 epoch  2 the most leases and settlements that are read  3 what a hold's key begins with  4.. names of the accounts
-- returns  ok, buckets: account, id, credited, spent, held, held by live holds ..; settlements: receipt, account, bucket, amount ..;
--          leases without a live hold: receipts | many, leases, settlements | epoch
--@ common.lua
--@ account.lua
if not inEpoch(KEYS[1], ARGV[1]) then return { 'epoch' } end
local leases, waiting = redis.call('ZCARD', KEYS[2]), redis.call('XLEN', KEYS[3])
if math.max(leases, waiting) > tonumber(ARGV[2]) then return { 'many', text(leases), text(waiting) } end

local live, loose = {}, {}
for i = 4, #ARGV do live[ARGV[i]] = {} end
for _, receipt in ipairs(redis.call('ZRANGE', KEYS[2], 0, -1)) do
  local hold = redis.call('HMGET', ARGV[3] .. receipt, 'ep', 'st', 'ac', 'sp')
  if hold[1] ~= ARGV[1] or hold[2] ~= '1' then
    loose[#loose + 1] = receipt
  elseif live[hold[3]] then
    local sums = live[hold[3]]
    for _, part in ipairs(readParts(hold[4])) do sums[part.id] = (sums[part.id] or 0) + part.amount end
  end
end

-- An entry of an older epoch is in no balance of this one. What was charged stands in the tombstone: a refund takes it back there.
local settled = {}
for _, entry in ipairs(redis.call('XRANGE', KEYS[3], '-', '+')) do
  local receipt = entry[2][2]
  local over = redis.call('HMGET', ARGV[3] .. receipt, 'ep', 'st', 'ac', 'pd')
  if entry[2][4] == ARGV[1] and over[1] == ARGV[1] and over[2] == '2' and live[over[3]] then
    for _, part in ipairs(readParts(over[4])) do
      for _, value in ipairs({ receipt, over[3], part.id, text(part.amount) }) do settled[#settled + 1] = value end
    end
  end
end

local buckets = {}
for i = 4, #KEYS do
  local head = redis.call('HMGET', KEYS[i], 'ep', 'o')
  if head[1] == ARGV[1] then
    for id in string.gmatch(head[2] or '', '[^\n]+') do
      local v = redis.call('HMGET', KEYS[i], 'c:' .. id, 's:' .. id, 'h:' .. id)
      for _, value in ipairs({ ARGV[i], id, v[1] or '', v[2] or '', v[3] or '', text(live[ARGV[i]][id] or 0) }) do buckets[#buckets + 1] = value end
    end
  end
end
return { 'ok', buckets, settled, loose }
