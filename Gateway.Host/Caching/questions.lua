#!lua flags=no-writes
-- The questions of a partition that were added since.
-- KEYS     1 list of questions  2 hash: life, base
-- ARGV     1 life that was read  2 place to read on from  3 most questions
-- returns  { life, next place, 1 if there are more, question ... } | {} none
-- expiry   none
local found = redis.call('HMGET', KEYS[2], 'life', 'base')
if not found[1] then return {} end
local base = tonumber(found[2])
local start = base
if found[1] == ARGV[1] then start = math.max(base, tonumber(ARGV[2])) end
local questions = redis.call('LRANGE', KEYS[1], start - base, start - base + tonumber(ARGV[3]) - 1)
local answer = { found[1], start + #questions, start + #questions < base + redis.call('LLEN', KEYS[1]) and 1 or 0 }
for _, question in ipairs(questions) do answer[#answer + 1] = question end
return answer
