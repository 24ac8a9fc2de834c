-- The budget of a workspace. What is stored stands in x (sorted set: member by expiry in ms) and in s (hash: member by size; # is the sum), whose own
-- expiry is that of the last entry. Members: a:<key> an answer; q:<key> a partition's questions, with n:<key> beside them. All keys share one hash tag.
local overhead = 300
local mostDropped = 100

local function now()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

local function drop(prefix, member)
  local size = redis.call('HGET', prefix .. 's', member)
  redis.call('UNLINK', prefix .. member)
  if string.sub(member, 1, 2) == 'q:' then redis.call('UNLINK', prefix .. 'n:' .. string.sub(member, 3)) end
  redis.call('ZREM', prefix .. 'x', member)
  if not size then return tonumber(redis.call('HGET', prefix .. 's', '#') or '0') end
  redis.call('HDEL', prefix .. 's', member)
  return redis.call('HINCRBY', prefix .. 's', '#', -size)
end

-- First what has expired goes, which Redis has deleted by itself but is still counted; then what expires soonest.
local function makeRoom(prefix, need, budget)
  for _, member in ipairs(redis.call('ZRANGE', prefix .. 'x', '-inf', now(), 'BYSCORE', 'LIMIT', 0, mostDropped)) do drop(prefix, member) end
  local total = tonumber(redis.call('HGET', prefix .. 's', '#') or '0')
  if total + need <= budget then return true end
  for _, member in ipairs(redis.call('ZRANGE', prefix .. 'x', 0, mostDropped - 1)) do
    total = drop(prefix, member)
    if total + need <= budget then return true end
  end
  return false
end

local function atLeast(key, ttl)
  if redis.call('PTTL', key) < ttl then redis.call('PEXPIRE', key, ttl) end
end

-- Counts what was written.
local function account(prefix, member, size, ttl)
  redis.call('ZADD', prefix .. 'x', 'GT', now() + ttl, member)
  redis.call('HINCRBY', prefix .. 's', member, size)
  redis.call('HINCRBY', prefix .. 's', '#', size)
  atLeast(prefix .. 'x', ttl)
  atLeast(prefix .. 's', ttl)
end
