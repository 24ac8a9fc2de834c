#!lua flags=no-writes
-- The settlements of a shard that wait for the book and whose gateway is not among those that record their own.
-- KEYS     1 epoch  2 stream
-- ARGV     1 epoch  2 at most so many  3 looked for among the first so many  4.. gateways that record their own
-- returns  ok, then for each its stream id and its fields | epoch
--@ common.lua
if not inEpoch(KEYS[1], ARGV[1]) then return { 'epoch' } end
local own = {}
for i = 4, #ARGV do own[ARGV[i]] = true end
local found, most = { 'ok' }, tonumber(ARGV[2])
for _, entry in ipairs(redis.call('XRANGE', KEYS[2], '-', '+', 'COUNT', ARGV[3])) do
  -- The third field of every entry is its gateway.
  if #found <= most and not own[entry[2][6]] then found[#found + 1] = { entry[1], entry[2] } end
end
return found
