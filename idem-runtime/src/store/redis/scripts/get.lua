-- Reads a record and its TTL in one step.
--
-- KEYS[1]  the name
--
-- Returns {what stands there or false, its TTL in ms}.
return {redis.call('GET', KEYS[1]), redis.call('PTTL', KEYS[1])}
