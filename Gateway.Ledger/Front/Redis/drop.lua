#!lua flags=allow-oom
-- Drops one entry of a stream whose call the book has, though its tombstone is gone.
-- KEYS     1 epoch  2 stream
-- ARGV     1 epoch  2 stream id
-- returns  ok | epoch
-- expiry   none
--@ common.lua
if not inEpoch(KEYS[1], ARGV[1]) then return { 'epoch' } end
redis.call('XDEL', KEYS[2], ARGV[2])
return { 'ok' }
