-- Adds points to a balance, unless there is an entry of this id; returns the balance after the entry.
--
-- KEYS  the entry, the balance
-- ARGV  the user, the account, the points
local balance = redis.call('HGET', KEYS[1], 'balance')
if not balance then
    balance = redis.call('INCRBY', KEYS[2], ARGV[3])
    redis.call('HSET', KEYS[1], 'user', ARGV[1], 'account', ARGV[2], 'points', ARGV[3], 'balance', balance)
end
return tonumber(balance)
