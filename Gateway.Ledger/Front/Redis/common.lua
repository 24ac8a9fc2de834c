-- Part of every script: numbers, the clock and the epoch.
-- Amounts are whole nano-credits up to 4e15 and times whole microseconds since 1970: both exact in doubles. Adding 0 turns -0, which Redis refuses, into 0.
local function text(number) return string.format('%.0f', number + 0) end

-- The server's time; a contract test gives its own.
local function clock(given)
  if given ~= '' then return tonumber(given) end
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000000 + tonumber(time[2])
end

-- The shard's epoch is '<epoch>:<life>'; a wiped server has none.
local function inEpoch(key, epoch) return string.match(redis.call('GET', key) or '', '^%d+') == epoch end
