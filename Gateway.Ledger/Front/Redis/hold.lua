#!lua
-- Admits a call: rates, concurrency, budget, allowance, buckets; checks before writes, all or nothing. One that is held gets the same hold again.
-- KEYS     1 epoch  2 account  3 key  4 member  5 hold  6 leases
-- ARGV     1 epoch  2 receipt  3 now in us ('': the server's)  4 lease in us  5 gateway  6 amount  7 least amount  8 pack class  9 route class
--          10 us a request  11 us of the burst (0: no limit)  12 us of the tokens  13 us of the minute (0: no limit)  14 tokens charged  15 tokens a minute or ''
--          16 calls in flight (-1: no limit)  17 budget (-1: none)  18 its period  19 allowance (-1: none)  20 key  21 member or ''  22 account  23 intent
-- returns  held, amount, split, admitted at, request clock, token clock | over | rate, r or t, wait in us, now, request clock, token clock | open
--          | budget or allowance, left, day | reserved, available, posted | insufficient, available | reload, account or key or member, day | epoch
-- expiry   none: a hold ends by settlement or by its lease
--@ common.lua
--@ account.lua
--@ spending.lua
--@ cover.lua
if not inEpoch(KEYS[1], ARGV[1]) then return { 'epoch' } end
local known = redis.call('HMGET', KEYS[5], 'ep', 'st', 'amt', 'sp', 'at', 'rc', 'tc')
if known[1] == ARGV[1] then
  if known[2] ~= '1' then return { 'over' } end
  return { 'held', known[3], known[4], known[5], known[6], known[7] }
end

local now = clock(ARGV[3])
local today = dayOf(now)
if redis.call('HGET', KEYS[2], 'ep') ~= ARGV[1] then return { 'reload', 'account', text(today) } end
local key = readSpending(KEYS[3], ARGV[1])
if not key then return { 'reload', 'key', text(today) } end
local member
if ARGV[21] ~= '' then
  member = readSpending(KEYS[4], ARGV[1])
  if not member then return { 'reload', 'member', text(today) } end
  roll(member, today)
end
roll(key, today)

local requests, tokens = key.requests, key.tokens
local burst, minute = tonumber(ARGV[11]), tonumber(ARGV[13])
if burst > 0 then
  requests = math.max(requests, now) + tonumber(ARGV[10])
  if requests - now > burst then return { 'rate', 'r', text(requests - now - burst), text(now), text(key.requests), text(key.tokens) } end
end
if minute > 0 then
  tokens = math.max(tokens, now) + tonumber(ARGV[12])
  if tokens - now > minute then return { 'rate', 't', text(tokens - now - minute), text(now), text(key.requests), text(key.tokens) } end
end
local most = tonumber(ARGV[16])
if most >= 0 and key.open >= most then return { 'open' } end

local account = readAccount(KEYS[2])
local ask = {
  amount = tonumber(ARGV[6]), least = tonumber(ARGV[7]), pack = ARGV[8], route = ARGV[9], at = now,
  budget = tonumber(ARGV[17]), period = tonumber(ARGV[18]), allowance = tonumber(ARGV[19]),
}
local amount, refused = cover(account, key, member, ask)
if not amount then return refused end
local ends = text(now + tonumber(ARGV[4]))
redis.call('ZCARD', KEYS[6])
local split = setAside(account, ask, amount)
key.requests, key.tokens, key.open = requests, tokens, key.open + 1
count(key, key.day, amount, 0)
if member then count(member, key.day, amount, 0) end

-- ---- nothing below this line can fail: the reads above have proven every type ----
writeAccount(KEYS[2], account)
writeSpending(KEYS[3], ARGV[1], key)
if member then writeSpending(KEYS[4], ARGV[1], member) end
redis.call('DEL', KEYS[5])
redis.call('HSET', KEYS[5], 'ep', ARGV[1], 'st', '1', 'ac', ARGV[22], 'key', ARGV[20], 'mem', ARGV[21], 'amt', text(amount), 'sp', split,
  'day', text(key.day), 'at', text(now), 'tok', ARGV[14], 'tpm', ARGV[15], 'pack', ARGV[8], 'route', ARGV[9], 'gw', ARGV[5], 'ck', '0', 'us', '',
  'rc', text(requests), 'tc', text(tokens), 'int', ARGV[23])
redis.call('ZADD', KEYS[6], ends, ARGV[2])
return { 'held', text(amount), split, text(now), text(requests), text(tokens) }
