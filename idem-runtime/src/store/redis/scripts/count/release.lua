-- Gives an attempt back: replaces a running record by a free one, for what is left of the window.
--
-- KEYS[1]  the name
-- ARGV[1]  the running record
-- ARGV[2]  the free record
-- ARGV[3]  its window, ms
--
-- Returns 1 when the record is replaced, else what stands there.
local value, ttl = standing(ARGV[3])
if is(value, ARGV[1]) then
  keep(ARGV[2], 0, ttl)
  return 1
end
return value
