-- What most scripts of `count` begin with. A record that counts is kept with the end of its lease behind it: 16 digits, ms
-- since 1970 by this server's clock. The key's TTL is what is left of its window.

-- Keeps a record that counts; a `lease` of 0 ends at once, and is of no matter where nothing runs.
local function keep(record, lease, ttl)
  local time = redis.call('TIME')
  local ends = time[1] * 1000 + math.floor(time[2] / 1000) + lease
  redis.call('SET', KEYS[1], record .. string.format('%016.0f', ends), 'PX', math.max(1, ttl))
end

-- What stands there, and what is left of its window; a key whose TTL was taken away is given all of it.
local function standing(window)
  local value, ttl = redis.call('GET', KEYS[1]), redis.call('PTTL', KEYS[1])
  return value, ttl < 0 and tonumber(window) or ttl
end

-- Whether the record stands there, whenever its lease ends.
local function is(value, record)
  return value and string.sub(value, 1, -17) == record
end

