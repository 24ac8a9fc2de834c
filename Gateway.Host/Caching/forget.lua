#!lua flags=allow-oom
-- Forgets an answer.
-- KEYS     1 answer
-- ARGV     1 prefix of the workspace's keys  2 member (a:<key>)
-- returns  1 | 0 there was none
-- expiry   none
--@ room.lua
local existed = redis.call('EXISTS', KEYS[1])
drop(ARGV[1], ARGV[2])
return existed
