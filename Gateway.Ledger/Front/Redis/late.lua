#!lua flags=allow-oom
-- Charges, once, a call that has no hold here: the buckets that were to pay it in their order, as far as they have it; the rest is shortfall.
-- KEYS     1 epoch  2 account  3 key  4 member  5 hold  6 stream
-- ARGV     1 epoch  2 receipt  3 cost  4 day of admission  5 admitted at in us  6 gateway  7 payload  8 account  9 key  10 member or ''
--          11 day of now  12.. bucket ids
-- returns  ok or over, charged, shortfall, split, posted total of those buckets | live: it has a hold after all | reload, what, day | epoch
-- expiry   the tombstone: none before it is acknowledged
--@ common.lua
--@ account.lua
--@ spending.lua
--@ ending.lua
if not inEpoch(KEYS[1], ARGV[1]) then return { 'epoch' } end
local hold = readHold(KEYS[5], ARGV[1])
if hold and hold.live then return { 'live' } end
if hold then return ended(KEYS[5]) end
if redis.call('HGET', KEYS[2], 'ep') ~= ARGV[1] then return { 'reload', 'account', ARGV[11] } end
local key = readSpending(KEYS[3], ARGV[1])
if not key then return { 'reload', 'key', ARGV[11] } end
local member
if ARGV[10] ~= '' then
  member = readSpending(KEYS[4], ARGV[1])
  if not member then return { 'reload', 'member', ARGV[11] } end
end
local account = readAccount(KEYS[2])
-- The same call may wait in the stream since an older epoch: this charge takes its place.
local older = redis.call('HGET', KEYS[5], 'sid')
redis.call('XLEN', KEYS[6])
local rest, lines, balance, day = tonumber(ARGV[3]), {}, 0, tonumber(ARGV[4])
for i = 12, #ARGV do
  local bucket = account.byId[ARGV[i]]
  if bucket then
    local taken = math.min(posted(bucket) - bucket.held, rest)
    if taken > 0 then
      bucket.spent = bucket.spent + taken
      bucket.changed = true
      rest = rest - taken
      lines[#lines + 1] = partText(bucket, taken)
    end
    balance = balance + posted(bucket)
  end
end
local result = { charged = tonumber(ARGV[3]) - rest, shortfall = rest, paid = table.concat(lines), balance = balance }
count(key, day, 0, result.charged)
if member then count(member, day, 0, result.charged) end
local over = { account = ARGV[8], key = ARGV[9], member = ARGV[10], day = day, at = tonumber(ARGV[5]), pack = '', route = '' }

-- ---- nothing below this line can fail: the reads above have proven every type ----
writeAccount(KEYS[2], account)
writeSpending(KEYS[3], ARGV[1], key)
if member then writeSpending(KEYS[4], ARGV[1], member) end
if older and older ~= '' then redis.call('XDEL', KEYS[6], older) end
local id = redis.call('XADD', KEYS[6], '*', 'r', ARGV[2], 'e', ARGV[1], 'g', ARGV[6],
  'c', text(result.charged), 'f', text(result.shortfall), 'p', result.paid, 'd', ARGV[7])
bury(KEYS[5], ARGV[1], over, result, id)
return answer(result)
