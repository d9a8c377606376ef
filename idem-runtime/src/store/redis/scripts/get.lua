-- Reads a record, its TTL and the time in one step.
--
-- KEYS[1]  the name
--
-- Returns {what stands there or false, its TTL, the time}, in ms. The time is 0 but for a record that counts, as byte 7 of it
-- says: a user who counts nothing needs no right to ask for it.
local value, now = redis.call('GET', KEYS[1]), 0
if value and string.sub(value, 1, 4) == 'idem' and math.floor((string.byte(value, 8) or 0) / 4) % 2 == 1 then
  local time = redis.call('TIME')
  now = time[1] * 1000 + math.floor(time[2] / 1000)
end
return {value, redis.call('PTTL', KEYS[1]), now}
