#!lua flags=allow-oom
-- Releases a hold and charges; what goes to the book is appended to the stream. One that is over answers what it was charged the first time.
-- KEYS     1 epoch  2 account  3 key  4 member  5 hold  6 leases  7 stream
-- ARGV     1 epoch  2 receipt  3 cost  4 whether it may exceed the hold (1)  5 tokens used ('': no correction)  6 gateway  7 payload ('': a void)
--          8 lifetime of a void's tombstone in ms
-- returns  ok or over, charged, shortfall, split, posted total of the buckets that may pay | gone | epoch
-- expiry   the tombstone: none before it is acknowledged; a void's at once
--@ common.lua
--@ account.lua
--@ spending.lua
--@ ending.lua
if not inEpoch(KEYS[1], ARGV[1]) then return { 'epoch' } end
local hold = readHold(KEYS[5], ARGV[1])
if not hold then return { 'gone' } end
if not hold.live then return ended(KEYS[5]) end
local account = readAccount(KEYS[2])
local key = readSpending(KEYS[3], ARGV[1])
local member = hold.member ~= '' and readSpending(KEYS[4], ARGV[1]) or nil
local cost = tonumber(ARGV[3])
if ARGV[4] ~= '1' then cost = math.min(cost, hold.amount) end
redis.call('ZCARD', KEYS[6])
redis.call('XLEN', KEYS[7])
local result = charge(account, hold, cost)
release(key, member, hold, result.charged, tonumber(ARGV[5]))

-- ---- nothing below this line can fail: the reads above have proven every type ----
writeAccount(KEYS[2], account)
if key then writeSpending(KEYS[3], ARGV[1], key) end
if member then writeSpending(KEYS[4], ARGV[1], member) end
redis.call('ZREM', KEYS[6], ARGV[2])
if ARGV[7] == '' then
  bury(KEYS[5], ARGV[1], hold, result, '')
  redis.call('PEXPIRE', KEYS[5], ARGV[8])
else
  local id = redis.call('XADD', KEYS[7], '*', 'r', ARGV[2], 'e', ARGV[1], 'g', ARGV[6],
    'c', text(result.charged), 'f', text(result.shortfall), 'p', result.paid, 'd', ARGV[7])
  bury(KEYS[5], ARGV[1], hold, result, id)
end
return answer(result)
