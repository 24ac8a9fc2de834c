#!lua flags=allow-oom
-- Registers a live hold again under a new epoch, without asking rates or budgets. A bucket that has less than its part is held as far as it goes.
-- KEYS     1 epoch  2 account  3 key  4 member  5 hold  6 leases
-- ARGV     1 epoch  2 receipt  3 now in us ('': the server's)  4 lease in us  5 gateway  6 split  7 day of admission  8 admitted at in us
--          9 tokens charged  10 tokens a minute or ''  11 pack class  12 route class  13 checkpoint  14 its usage  15 account  16 key  17 member or ''
--          18 intent
-- returns  ok | known: it is here already, live or over | reload, account or key or member, day | epoch
-- expiry   none
--@ common.lua
--@ account.lua
--@ spending.lua
if not inEpoch(KEYS[1], ARGV[1]) then return { 'epoch' } end
if redis.call('HGET', KEYS[5], 'ep') == ARGV[1] then return { 'known' } end
local now = clock(ARGV[3])
local today = text(dayOf(now))
if redis.call('HGET', KEYS[2], 'ep') ~= ARGV[1] then return { 'reload', 'account', today } end
local key = readSpending(KEYS[3], ARGV[1])
if not key then return { 'reload', 'key', today } end
local member
if ARGV[17] ~= '' then
  member = readSpending(KEYS[4], ARGV[1])
  if not member then return { 'reload', 'member', today } end
end
local account = readAccount(KEYS[2])
local ends = text(now + tonumber(ARGV[4]))
local day = tonumber(ARGV[7])
redis.call('ZCARD', KEYS[6])
local amount, split = 0, {}
for _, part in ipairs(readParts(ARGV[6])) do
  local bucket = account.byId[part.id]
  local held = bucket and math.min(part.amount, posted(bucket) - bucket.held) or 0
  if held > 0 then
    bucket.held = bucket.held + held
    bucket.changed = true
    amount = amount + held
    split[#split + 1] = partText(bucket, held)
  end
end
key.open = key.open + 1
count(key, day, amount, 0)
if member then count(member, day, amount, 0) end
local checkpoint = text(math.min(tonumber(ARGV[13]), amount))

-- ---- nothing below this line can fail: the reads above have proven every type ----
writeAccount(KEYS[2], account)
writeSpending(KEYS[3], ARGV[1], key)
if member then writeSpending(KEYS[4], ARGV[1], member) end
redis.call('DEL', KEYS[5])
redis.call('HSET', KEYS[5], 'ep', ARGV[1], 'st', '1', 'ac', ARGV[15], 'key', ARGV[16], 'mem', ARGV[17], 'amt', text(amount), 'sp', table.concat(split),
  'day', text(day), 'at', ARGV[8], 'tok', ARGV[9], 'tpm', ARGV[10], 'pack', ARGV[11], 'route', ARGV[12], 'gw', ARGV[5],
  'ck', checkpoint, 'us', ARGV[14], 'rc', text(key.requests), 'tc', text(key.tokens), 'int', ARGV[18])
redis.call('ZADD', KEYS[6], ends, ARGV[2])
return { 'ok' }
