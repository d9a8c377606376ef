-- Judges a record that was found, and takes its name over if it is free or has lapsed.
--
-- KEYS[1]  the name
-- ARGV[1]  the record that was found
-- ARGV[2]  what the key's TTL must have fallen below, ms: the record's retention less its lease,
--          both as the record states them. -1: it is owned for as long as it stands. -2: it is free
-- ARGV[3]  the found record's retention, ms
-- ARGV[4]  the running record that takes over
-- ARGV[5]  its retention, ms
--
-- Returns {1} when the name is taken over, else {0, what stands there, its TTL in ms}.
local standing = redis.call('GET', KEYS[1])
if not standing then
  redis.call('SET', KEYS[1], ARGV[4], 'PX', ARGV[5])
  return {1}
end
local ttl = redis.call('PTTL', KEYS[1])
if standing ~= ARGV[1] then
  return {0, standing, ttl}
end
local threshold = tonumber(ARGV[2])
if threshold == -2 or (ttl >= 0 and ttl < threshold) then
  redis.call('SET', KEYS[1], ARGV[4], 'PX', ARGV[5])
  return {1}
end
if ttl < 0 then
  -- Somebody took the TTL away (PERSIST, RESTORE): it is owned, and gets its retention back.
  redis.call('PEXPIRE', KEYS[1], ARGV[3])
  ttl = tonumber(ARGV[3])
end
return {0, standing, ttl}
