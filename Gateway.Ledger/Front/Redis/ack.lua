#!lua flags=allow-oom
-- These calls are in the book: their stream entries go, their tombstones expire. Those of older epochs too.
-- KEYS     1 epoch  2 stream  3.. holds
-- ARGV     1 epoch  2 lifetime of a tombstone from now in ms
-- returns  ok | epoch
-- expiry   ARGV 2
--@ common.lua
if not inEpoch(KEYS[1], ARGV[1]) then return { 'epoch' } end
redis.call('XLEN', KEYS[2])
for i = 3, #KEYS do
  local hold = redis.call('HMGET', KEYS[i], 'st', 'sid')
  if hold[1] == '2' then
    if hold[2] and hold[2] ~= '' then redis.call('XDEL', KEYS[2], hold[2]) end
    redis.call('PEXPIRE', KEYS[i], ARGV[2])
  end
end
return { 'ok' }
