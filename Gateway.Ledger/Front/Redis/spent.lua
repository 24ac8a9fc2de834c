#!lua flags=no-writes
-- What a key or a member has spent and holds in a running period.
-- KEYS     1 epoch  2 key or member
-- ARGV     1 epoch  2 now in us ('': the server's)  3 period
-- returns  ok, day, spent, held | reload, '', day | epoch
--@ common.lua
--@ spending.lua
if not inEpoch(KEYS[1], ARGV[1]) then return { 'epoch' } end
local today = dayOf(clock(ARGV[2]))
local spending = readSpending(KEYS[2], ARGV[1])
if not spending then return { 'reload', '', text(today) } end
roll(spending, today)
local period = tonumber(ARGV[3])
return { 'ok', text(spending.day), text(spending.spent[period]), text(spending.held[period]) }
