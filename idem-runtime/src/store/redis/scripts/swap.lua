-- Replaces a running record by what settles it, for servers whose SET knows no IFEQ. It is in every
-- fresh call: Lua copies and hashes each byte that comes and goes, and each argument costs.
--
-- KEYS[1]  the name
-- ARGV[1]  the first 32 bytes of the running record, which no other attempt's has
-- ARGV[2]  the record that replaces it
-- ARGV[3]  its retention, ms
--
-- Returns 1 when the record is replaced, else what stands there.
local key, argv = KEYS[1], ARGV
if redis.call('GETRANGE', key, '0', '31') == argv[1] then
  redis.call('PSETEX', key, argv[3], argv[2])
  return 1
end
return redis.call('GET', key)
