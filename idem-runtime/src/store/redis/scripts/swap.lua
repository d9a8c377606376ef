-- Replaces a running record by what settles it, for servers whose SET knows no IFEQ.
--
-- KEYS[1]  the name
-- ARGV[1]  the running record
-- ARGV[2]  the record that replaces it
-- ARGV[3]  its retention, ms
--
-- Returns what stood there before, as SET … IFEQ … GET does: replaced if that is the running record.
local standing = redis.call('GET', KEYS[1])
if standing == ARGV[1] then
  redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
end
return standing
