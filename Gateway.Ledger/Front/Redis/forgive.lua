#!lua flags=allow-oom
-- Takes a recorded refund out of what a key and a member have spent, in the periods that hold the day. What is not loaded will find it in the book.
-- KEYS     1 epoch  2 key  3 member
-- ARGV     1 epoch  2 day of admission  3 amount  4 member or ''
-- returns  ok | epoch
-- expiry   none
--@ common.lua
--@ spending.lua
if not inEpoch(KEYS[1], ARGV[1]) then return { 'epoch' } end
local key = readSpending(KEYS[2], ARGV[1])
local member = ARGV[4] ~= '' and readSpending(KEYS[3], ARGV[1]) or nil
local day, amount = tonumber(ARGV[2]), tonumber(ARGV[3])
if key then count(key, day, 0, -amount) end
if member then count(member, day, 0, -amount) end

-- ---- nothing below this line can fail: the reads above have proven every type ----
if key then writeSpending(KEYS[2], ARGV[1], key) end
if member then writeSpending(KEYS[3], ARGV[1], member) end
return { 'ok' }
