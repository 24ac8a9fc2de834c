-- Part of settle, reap and late: what a call is charged, and what remembers it.
-- Hash fields of a hold: ep, st (1 live, 2 over), ac key mem (whose it is), amt, sp split, day and at of admission, tok tokens charged, tpm limit or '',
-- pack route classes, gw, ck checkpoint, us its usage, rc tc clocks after admission, int intent. Once over: ch charged, sf shortfall, pd paid, bal, sid stream id.
local function readHold(key, epoch)
  local v = redis.call('HMGET', key, 'ep', 'st', 'amt', 'sp', 'day', 'at', 'tok', 'tpm', 'pack', 'route', 'ck', 'ac', 'key', 'mem')
  if v[1] ~= epoch then return nil end
  return {
    live = v[2] == '1', amount = tonumber(v[3]), split = v[4], day = tonumber(v[5]), at = tonumber(v[6]), tokens = tonumber(v[7]), limit = tonumber(v[8]),
    pack = v[9], route = v[10], checkpoint = tonumber(v[11]), account = v[12], key = v[13], member = v[14],
  }
end

-- How a call that is over ended.
local function ended(key)
  local v = redis.call('HMGET', key, 'ch', 'sf', 'pd', 'bal')
  return { 'over', v[1], v[2], v[3], v[4] }
end

-- The microseconds in which so many tokens refill. Whole minutes apart, so that the product stays exact; a century at most.
local function refill(tokens, limit)
  local sign = 1
  if tokens < 0 then sign, tokens = -1, -tokens end
  local whole = math.floor(tokens / limit)
  return sign * math.min(whole * 60000000 + math.floor((tokens - whole * limit) * 60000000 / limit), 3155760000000000)
end

-- Releases the hold and charges, in the tables: its parts in order, then what is free in the buckets that may pay.
local function charge(account, hold, cost)
  local rest, paid, at = cost, {}, {}
  for _, part in ipairs(readParts(hold.split)) do
    local bucket = account.byId[part.id]
    local taken = math.min(part.amount, rest)
    bucket.held = bucket.held - part.amount
    bucket.spent = bucket.spent + taken
    bucket.changed = true
    rest = rest - taken
    paid[#paid + 1] = { bucket = bucket, amount = taken }
    at[part.id] = #paid
  end
  for _, bucket in ipairs(account.list) do
    local free = posted(bucket) - bucket.held
    if rest > 0 and free > 0 and pays(bucket, hold.pack, hold.route, hold.at) then
      local taken = math.min(free, rest)
      bucket.spent = bucket.spent + taken
      bucket.changed = true
      rest = rest - taken
      if not at[bucket.id] then
        paid[#paid + 1] = { bucket = bucket, amount = 0 }
        at[bucket.id] = #paid
      end
      local share = paid[at[bucket.id]]
      share.amount = share.amount + taken
    end
  end

  local lines, balance = {}, 0
  for _, share in ipairs(paid) do
    if share.amount > 0 then lines[#lines + 1] = partText(share.bucket, share.amount) end
  end
  for _, bucket in ipairs(account.list) do
    if pays(bucket, hold.pack, hold.route, hold.at) then balance = balance + posted(bucket) end
  end
  return { charged = cost - rest, shortfall = rest, paid = table.concat(lines), balance = balance }
end

-- The key's and the member's side of an ending, in the tables.
local function release(key, member, hold, charged, tokens)
  if key then
    key.open = key.open - 1
    count(key, hold.day, -hold.amount, charged)
    if tokens and hold.limit then key.tokens = math.max(0, math.min(key.tokens + refill(tokens - hold.tokens, hold.limit), 8000000000000000)) end
  end
  if member then count(member, hold.day, -hold.amount, charged) end
end

-- The tombstone: no expiry while the book may not have the call.
local function bury(key, epoch, hold, result, streamId)
  redis.call('DEL', key)
  redis.call('HSET', key, 'ep', epoch, 'st', '2', 'ac', hold.account, 'key', hold.key, 'mem', hold.member, 'day', text(hold.day), 'at', text(hold.at),
    'pack', hold.pack, 'route', hold.route, 'ch', text(result.charged), 'sf', text(result.shortfall), 'pd', result.paid, 'bal', text(result.balance),
    'sid', streamId)
end

local function answer(result)
  return { 'ok', text(result.charged), text(result.shortfall), result.paid, text(result.balance) }
end
