#!lua flags=no-writes,allow-cross-slot-keys
-- One step through the keys of a server: the accounts of the epoch, and calls in flight that no lease will end.
-- KEYS     1 the epoch of any shard of the server
-- ARGV     1 epoch  2 cursor ('0': from the start)  3 about so many keys
-- returns  ok, next cursor ('0': that was all), accounts, calls: account, receipt .. | epoch
--@ common.lua
if not inEpoch(KEYS[1], ARGV[1]) then return { 'epoch' } end
local accounts, calls = {}, {}
local step = redis.call('SCAN', ARGV[2], 'MATCH', '{s*', 'COUNT', ARGV[3])
for _, key in ipairs(step[2]) do
  local shard, kind, name = string.match(key, '^({s%d%d%d}:)([ah]):(.+)$')
  if kind == 'a' then
    if redis.pcall('HGET', key, 'ep') == ARGV[1] then accounts[#accounts + 1] = name end
  elseif kind == 'h' then
    -- Hold and lease change in one script, so that what is seen here is so, and not on its way.
    local hold = redis.call('HMGET', key, 'ep', 'st', 'ac')
    if hold[1] == ARGV[1] and hold[2] == '1' and not redis.call('ZSCORE', shard .. 'leases', name) then
      calls[#calls + 1] = hold[3]
      calls[#calls + 1] = name
    end
  end
end
return { 'ok', step[1], accounts, calls }
