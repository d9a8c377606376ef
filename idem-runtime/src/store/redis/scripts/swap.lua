-- Replaces a running record by what settles it, for servers whose SET knows no IFEQ.
--
-- KEYS[1]  the name
-- ARGV[1]  the running record
-- ARGV[2]  the record that replaces it
-- ARGV[3]  its retention, ms
--
-- Returns 1 when the record is replaced, else what stands there.
local standing = redis.call('GET', KEYS[1])
if standing == ARGV[1] then
  redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
  return 1
end
return standing
