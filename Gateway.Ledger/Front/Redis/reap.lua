#!lua flags=allow-oom
-- Ends a hold whose lease is over: its checkpoint is charged, never more than the hold. The stream entry has no gateway, so that anyone records it.
-- KEYS     1 epoch  2 account  3 key  4 member  5 hold  6 leases  7 stream
-- ARGV     1 epoch  2 receipt  3 now in us ('': the server's)
-- returns  reaped | live: renewed meanwhile | gone: a lease without its hold, dropped | epoch
-- expiry   the tombstone: none before it is acknowledged
--@ common.lua
--@ account.lua
--@ spending.lua
--@ ending.lua
if not inEpoch(KEYS[1], ARGV[1]) then return { 'epoch' } end
local hold = readHold(KEYS[5], ARGV[1])
if not hold or not hold.live then
  redis.call('ZREM', KEYS[6], ARGV[2])
  return { 'gone' }
end
local ends = redis.call('ZSCORE', KEYS[6], ARGV[2])
if ends and tonumber(ends) > clock(ARGV[3]) then return { 'live' } end
local more = redis.call('HMGET', KEYS[5], 'int', 'us')
local account = readAccount(KEYS[2])
local key = readSpending(KEYS[3], ARGV[1])
local member = hold.member ~= '' and readSpending(KEYS[4], ARGV[1]) or nil
redis.call('XLEN', KEYS[7])
local result = charge(account, hold, math.min(hold.checkpoint, hold.amount))
release(key, member, hold, result.charged, nil)

-- ---- nothing below this line can fail: the reads above have proven every type ----
writeAccount(KEYS[2], account)
if key then writeSpending(KEYS[3], ARGV[1], key) end
if member then writeSpending(KEYS[4], ARGV[1], member) end
redis.call('ZREM', KEYS[6], ARGV[2])
local id = redis.call('XADD', KEYS[7], '*', 'r', ARGV[2], 'e', ARGV[1], 'g', '', 'c', text(result.charged), 'f', '0', 'p', result.paid,
  'i', more[1], 'u', more[2], 'n', text(hold.amount), 't', text(hold.at))
bury(KEYS[5], ARGV[1], hold, result, id)
return { 'reaped' }
