-- Starts the lease of a running record anew, and keeps what is left of its window at least that long.
--
-- KEYS[1]  the name
-- ARGV[1]  the running record
-- ARGV[2]  its lease, ms
-- ARGV[3]  its window, ms
--
-- Returns 1, or 0 when the record does not stand there any more.
local value, ttl = standing(ARGV[3])
if is(value, ARGV[1]) then
  keep(ARGV[1], ARGV[2], math.max(ttl, tonumber(ARGV[2])))
  return 1
end
return 0
