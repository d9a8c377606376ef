-- Reads a record, its TTL and the time in one step.
--
-- KEYS[1]  the name
--
-- Returns {what stands there or false, its TTL, the time}, in ms.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
return {redis.call('GET', KEYS[1]), redis.call('PTTL', KEYS[1]), now}
