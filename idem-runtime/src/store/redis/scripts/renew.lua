-- Sets the TTL of a running record back to its retention. No write that a full server refuses.
--
-- KEYS[1]  the name
-- ARGV[1]  the running record
-- ARGV[2]  its retention, ms
--
-- Returns 1, or 0 when the record does not stand there any more.
if redis.call('GET', KEYS[1]) == ARGV[1] then
  return redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
return 0
