#!lua flags=allow-oom
-- Gives back what a call that is over was charged; once.
-- KEYS     1 epoch  2 account  3 key  4 member  5 hold
-- ARGV     1 epoch
-- returns  ok | gone: not known, or not over | epoch
-- expiry   as the tombstone has it
--@ common.lua
--@ account.lua
--@ spending.lua
--@ ending.lua
if not inEpoch(KEYS[1], ARGV[1]) then return { 'epoch' } end
local hold = readHold(KEYS[5], ARGV[1])
if not hold or hold.live then return { 'gone' } end
local paid = redis.call('HMGET', KEYS[5], 'ch', 'pd')
local account = readAccount(KEYS[2])
local key = readSpending(KEYS[3], ARGV[1])
local member = hold.member ~= '' and readSpending(KEYS[4], ARGV[1]) or nil
local charged = tonumber(paid[1])
for _, part in ipairs(readParts(paid[2])) do
  local bucket = account.byId[part.id]
  if bucket then
    bucket.spent = bucket.spent - part.amount
    bucket.changed = true
  end
end
local balance = 0
for _, bucket in ipairs(account.list) do
  if pays(bucket, hold.pack, hold.route, hold.at) then balance = balance + posted(bucket) end
end
if key then count(key, hold.day, 0, -charged) end
if member then count(member, hold.day, 0, -charged) end

-- ---- nothing below this line can fail: the reads above have proven every type ----
writeAccount(KEYS[2], account)
if key then writeSpending(KEYS[3], ARGV[1], key) end
if member then writeSpending(KEYS[4], ARGV[1], member) end
redis.call('HSET', KEYS[5], 'ch', '0', 'sf', '0', 'pd', '', 'bal', text(balance))
return { 'ok' }
