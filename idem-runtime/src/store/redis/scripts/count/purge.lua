-- Forgets a record that counts.
--
-- KEYS[1]  the name
-- ARGV[1]  the record
--
-- Returns 1, or 0 when it does not stand there any more.
if is(redis.call('GET', KEYS[1]), ARGV[1]) then
  return redis.call('DEL', KEYS[1])
end
return 0
