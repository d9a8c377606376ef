-- Claims a name for a record that counts, or over one: nothing stands there, or what was judged does and is open.
--
-- KEYS[1]  the name
-- ARGV[1]  the running record
-- ARGV[2]  its lease, ms; empty where it does not count
-- ARGV[3]  its window, or its retention, ms
-- ARGV[4]  the record that was judged; empty where none was
-- ARGV[5]  when that is open: `free` now, `ends` when its lease has ended, `never`; where it does not count, a number: when
--          the key's TTL has fallen below it
--
-- Returns {1} when the name is claimed, {2} when what was judged has gone, else {0, what stands there, its TTL, the time},
-- in ms.
local value, ttl = standing(ARGV[3])

local function write(left)
  if ARGV[2] == '' then
    redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[3])
  else
    keep(ARGV[1], ARGV[2], left)
  end
  return {1}
end

if not value then
  if ARGV[4] ~= '' and ARGV[2] ~= '' then
    return {2}
  end
  return write(tonumber(ARGV[3]))
end

local time = now()
if is(value, ARGV[4]) then
  local ended = ARGV[5] == 'ends' and time > tonumber(string.sub(value, -DIGITS))
  if ended or ARGV[5] == 'free' then
    return write(math.max(ttl, tonumber(ARGV[2]) or 0))
  end
elseif value == ARGV[4] then
  local below = tonumber(ARGV[5])
  if ARGV[5] == 'free' or (below and ttl < below) then
    return write(tonumber(ARGV[3]))
  end
end
return {0, value, ttl, time}
