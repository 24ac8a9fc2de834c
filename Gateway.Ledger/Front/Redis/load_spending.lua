#!lua
-- Loads what a key or a member has spent from the book, unless it is here under this epoch.
-- KEYS     1 epoch  2 key or member
-- ARGV     1 epoch  2 day  3..6 spent in the day, the week, the month and ever
-- returns  ok | epoch
-- expiry   none
--@ common.lua
--@ spending.lua
if not inEpoch(KEYS[1], ARGV[1]) then return { 'epoch' } end
if redis.call('TYPE', KEYS[2]).ok == 'hash' and redis.call('HGET', KEYS[2], 'ep') == ARGV[1] then return { 'ok' } end
local day = tonumber(ARGV[2])
local loaded = { day = day, open = 0, requests = 0, tokens = 0, begin = {}, spent = {}, held = {} }
for i = 0, 3 do loaded.begin[i], loaded.spent[i], loaded.held[i] = startOf(i, day), tonumber(ARGV[3 + i]), 0 end

-- ---- nothing below this line can fail ----
redis.call('DEL', KEYS[2])
writeSpending(KEYS[2], ARGV[1], loaded)
return { 'ok' }
