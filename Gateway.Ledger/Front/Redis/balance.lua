#!lua flags=no-writes
-- The buckets of an account in burn order.
-- KEYS     1 epoch  2 account
-- ARGV     1 epoch
-- returns  ok, then for each bucket its terms, posted, spent and held | reload | epoch
--@ common.lua
--@ account.lua
if not inEpoch(KEYS[1], ARGV[1]) then return { 'epoch' } end
if redis.call('HGET', KEYS[2], 'ep') ~= ARGV[1] then return { 'reload' } end
local found = { 'ok' }
for _, bucket in ipairs(readAccount(KEYS[2]).list) do
  found[#found + 1] = redis.call('HGET', KEYS[2], 't:' .. bucket.id)
  found[#found + 1] = text(posted(bucket))
  found[#found + 1] = text(bucket.spent)
  found[#found + 1] = text(bucket.held)
end
return found
