-- Part of a script: the buckets of an account. Hash fields: ep; o = the ids in burn order, one a line;
-- and for each id  m: class  x: expiry or 0  c: credited  s: spent  h: held  v: credit version  k: sort key  t: terms as JSON.
local function readAccount(key)
  local account = { list = {}, byId = {} }
  for id in string.gmatch(redis.call('HGET', key, 'o') or '', '[^\n]+') do
    local v = redis.call('HMGET', key, 'm:' .. id, 'x:' .. id, 'c:' .. id, 's:' .. id, 'h:' .. id)
    local bucket = {
      id = id, class = v[1], expires = tonumber(v[2]), credited = tonumber(v[3]), spent = tonumber(v[4]), held = tonumber(v[5]),
    }
    account.list[#account.list + 1] = bucket
    account.byId[id] = bucket
  end
  return account
end

-- Credits that are taken out while a call holds them leave when the hold ends: held never exceeds posted.
local function posted(bucket) return math.max(bucket.credited - bucket.spent, bucket.held) end

-- Whether the bucket may pay for a call of these classes that was admitted at the moment.
local function pays(bucket, pack, route, at)
  return (bucket.class == pack or bucket.class == route) and (bucket.expires == 0 or bucket.expires > at)
end

-- A line for each part: the kind's letter, the amount, what the bucket has afterwards, its id.
local function partText(bucket, amount)
  return string.sub(bucket.class, 1, 1) .. ' ' .. text(amount) .. ' ' .. text(posted(bucket)) .. ' ' .. bucket.id .. '\n'
end

local function readParts(split)
  local parts = {}
  for amount, id in string.gmatch(split or '', '%a (%d+) %d+ ([^\n]+)\n') do
    parts[#parts + 1] = { id = id, amount = tonumber(amount) }
  end
  return parts
end

local function writeAccount(key, account)
  for _, bucket in ipairs(account.list) do
    if bucket.changed then redis.call('HSET', key, 's:' .. bucket.id, text(bucket.spent), 'h:' .. bucket.id, text(bucket.held)) end
  end
end
