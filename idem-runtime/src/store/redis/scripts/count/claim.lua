-- Claims a name for a record that counts, or over one: nothing stands there, or what was judged does and is open. What is
-- asked most often comes first.
--
-- KEYS[1]  the name
-- ARGV[1]  the running record
-- ARGV[2]  its lease, ms; empty where it does not count
-- ARGV[3]  its window, or its retention, ms
-- ARGV[4]  the record that was judged; empty where none was
-- ARGV[5]  when that is open: `free` now, `ends` when its lease has ended, `never`; where it does not count, a number: when
--          the key's TTL has fallen below it
--
-- Returns 1 when the name is claimed, 2 when what was judged has gone; what stands there, when byte 5 of it says that it is
-- completed; else {what stands there, its TTL, the time}, in ms.
local value = redis.call('GET', KEYS[1])
if value and string.byte(value, 6) == 2 then
  return value
end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local function write(left)
  local ends = ''
  if ARGV[2] ~= '' then
    ends = string.format('%016.0f', now + ARGV[2])
  end
  redis.call('SET', KEYS[1], ARGV[1] .. ends, 'PX', left)
  return 1
end

if not value then
  if ARGV[4] ~= '' and ARGV[2] ~= '' then
    return 2
  end
  return write(ARGV[3])
end

local ttl = redis.call('PTTL', KEYS[1])
if ttl < 0 and string.sub(value, 1, 4) == 'idem' then
  -- Somebody took the TTL away (PERSIST, RESTORE): no count is kept without one.
  ttl = tonumber(ARGV[3])
  redis.call('PEXPIRE', KEYS[1], ttl)
end

local open = ARGV[5] == 'free'
if value == ARGV[4] then
  -- What does not count is followed by a window of its own.
  local below = tonumber(ARGV[5])
  if open or (below and ttl < below) then
    return write(ARGV[3])
  end
elseif #value == #ARGV[4] + 16 and string.sub(value, 1, -17) == ARGV[4] then
  open = open or (ARGV[5] == 'ends' and now > tonumber(string.sub(value, -16)))
  if open and ARGV[2] == '' then
    return write(ARGV[3])
  elseif open then
    return write(math.max(ttl, tonumber(ARGV[2])))
  end
end
return {value, ttl, now}
