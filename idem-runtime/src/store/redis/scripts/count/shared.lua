-- What the scripts of `count` begin with. A record that counts is kept with the end of its lease behind it: 16 digits, ms
-- since 1970 by this server's clock. The key's TTL is what is left of its window.
local DIGITS = 16

local function now()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

-- Keeps a record that counts; a `lease` of 0 ends at once, and is of no matter where nothing runs.
local function keep(record, lease, ttl)
  local ends = string.format('%016.0f', now() + lease)
  redis.call('SET', KEYS[1], record .. ends, 'PX', math.max(1, ttl))
end

-- What stands there without the end of its lease, and what is left of its window. A key without a TTL is given the window.
local function standing(window)
  local value = redis.call('GET', KEYS[1])
  if not value then
    return false
  end
  local ttl = redis.call('PTTL', KEYS[1])
  if ttl < 0 and string.sub(value, 1, 4) == 'idem' then
    ttl = tonumber(window)
    redis.call('PEXPIRE', KEYS[1], ttl)
  end
  return value, ttl
end

-- Whether the record stands there, whenever its lease ends.
local function is(value, record)
  return value and #value == #record + DIGITS and string.sub(value, 1, #record) == record
end

