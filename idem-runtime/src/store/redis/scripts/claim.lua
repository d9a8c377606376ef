-- Claims a name under which nothing stands, for servers whose SET knows no NX beside GET.
--
-- KEYS[1]  the name
-- ARGV[1]  the running record
-- ARGV[2]  its retention, ms
--
-- Returns false when the name is claimed, else what stands there.
local standing = redis.call('GET', KEYS[1])
if standing then
  return standing
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return false
