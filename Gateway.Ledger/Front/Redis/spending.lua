-- Part of a script: what a key or a member has spent and holds, for the periods 0 day, 1 week from Monday, 2 month, 3 total (UTC).
-- Hash fields: ep day open rc tc (calls in flight, clocks of the request and token rates); b0.. first day, s0.. spent, h0.. held.
local function dayOf(time) return math.floor(time / 86400000000) end

-- The first day of the period that holds the day, both counted from 1970-01-01, a Thursday.
local function startOf(period, day)
  if period == 0 then return day end
  if period == 1 then return day - (day + 3) % 7 end
  if period == 3 then return 0 end
  -- The day of the month by the civil calendar of 400-year eras that begin on 1 March.
  local era = (day + 719468) % 146097
  local year = math.floor((era - math.floor(era / 1460) + math.floor(era / 36524) - math.floor(era / 146096)) / 365)
  local ofYear = era - (365 * year + math.floor(year / 4) - math.floor(year / 100))
  return day - (ofYear - math.floor((153 * math.floor((5 * ofYear + 2) / 153) + 2) / 5))
end

-- nil: not loaded in this epoch.
local function readSpending(key, epoch)
  local v = redis.call('HMGET', key, 'ep', 'day', 'open', 'rc', 'tc', 'b0', 's0', 'h0', 'b1', 's1', 'h1', 'b2', 's2', 'h2', 'b3', 's3', 'h3')
  if v[1] ~= epoch then return nil end
  local spending = {
    day = tonumber(v[2]), open = tonumber(v[3]), requests = tonumber(v[4]), tokens = tonumber(v[5]), begin = {}, spent = {}, held = {},
  }
  for i = 0, 3 do
    spending.begin[i], spending.spent[i], spending.held[i] = tonumber(v[6 + 3 * i]), tonumber(v[7 + 3 * i]), tonumber(v[8 + 3 * i])
  end
  return spending
end

-- Begins new periods when the day has changed; a clock that goes back changes nothing.
local function roll(spending, today)
  if today <= spending.day then return end
  spending.day = today
  for i = 0, 3 do
    local begin = startOf(i, today)
    if begin ~= spending.begin[i] then spending.begin[i], spending.spent[i], spending.held[i] = begin, 0, 0 end
  end
end

-- Adds to what is held and spent in those periods that still run since the day of admission.
local function count(spending, admitted, held, spent)
  for i = 0, 3 do
    if admitted >= spending.begin[i] then
      spending.held[i] = spending.held[i] + held
      spending.spent[i] = spending.spent[i] + spent
    end
  end
end

local function writeSpending(key, epoch, spending)
  local f = { 'ep', epoch, 'day', text(spending.day), 'open', text(spending.open), 'rc', text(spending.requests), 'tc', text(spending.tokens) }
  for i = 0, 3 do
    f[#f + 1] = 'b' .. i
    f[#f + 1] = text(spending.begin[i])
    f[#f + 1] = 's' .. i
    f[#f + 1] = text(spending.spent[i])
    f[#f + 1] = 'h' .. i
    f[#f + 1] = text(spending.held[i])
  end
  redis.call('HSET', key, unpack(f))
end
