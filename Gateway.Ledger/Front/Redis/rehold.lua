#!lua
-- Replaces what a live hold sets aside by what another price, route or model needs. Refused: the hold stays as it was. Rates and lease stay.
-- KEYS     1 epoch  2 account  3 key  4 member  5 hold
-- ARGV     1 epoch  2 now in us ('': the server's)  3 amount  4 least amount  5 pack class  6 route class  7 budget (-1: none)  8 its period
--          9 allowance (-1: none)  10 intent
-- returns  held, amount, split | gone: no live hold | budget or allowance, left, day | reserved, available, posted | insufficient, available | epoch
-- expiry   none
--@ common.lua
--@ account.lua
--@ spending.lua
--@ cover.lua
--@ ending.lua
if not inEpoch(KEYS[1], ARGV[1]) then return { 'epoch' } end
local hold = readHold(KEYS[5], ARGV[1])
if not hold or not hold.live then return { 'gone' } end
local today = dayOf(clock(ARGV[2]))
local key = readSpending(KEYS[3], ARGV[1])
local member = hold.member ~= '' and readSpending(KEYS[4], ARGV[1]) or nil
roll(key, today)
if member then roll(member, today) end

local account = readAccount(KEYS[2])
for _, part in ipairs(readParts(hold.split)) do
  local bucket = account.byId[part.id]
  bucket.held = bucket.held - part.amount
  bucket.changed = true
end
local ask = {
  amount = tonumber(ARGV[3]), least = tonumber(ARGV[4]), pack = ARGV[5], route = ARGV[6], at = hold.at,
  budget = tonumber(ARGV[7]), period = tonumber(ARGV[8]), allowance = tonumber(ARGV[9]),
}
local amount, refused = cover(account, key, member, ask, hold)
if not amount then return refused end
local split = setAside(account, ask, amount)
count(key, hold.day, amount - hold.amount, 0)
if member then count(member, hold.day, amount - hold.amount, 0) end

-- ---- nothing below this line can fail: the reads above have proven every type ----
writeAccount(KEYS[2], account)
writeSpending(KEYS[3], ARGV[1], key)
if member then writeSpending(KEYS[4], ARGV[1], member) end
redis.call('HSET', KEYS[5], 'amt', text(amount), 'sp', split, 'pack', ARGV[5], 'route', ARGV[6], 'int', ARGV[10])
return { 'held', text(amount), split }
