-- Replaces a running record by its result, which is kept for a window from now and counts no more.
--
-- KEYS[1]  the name
-- ARGV[1]  the running record; behind it stands when its lease ends, in 16 digits
-- ARGV[2]  the completed record
-- ARGV[3]  its retention, ms
--
-- Returns 1 when the record is replaced, else what stands there.
local value = redis.call('GET', KEYS[1])
if value and string.sub(value, 1, -17) == ARGV[1] then
  redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
  return 1
end
return value
