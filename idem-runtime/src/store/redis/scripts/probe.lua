-- Calls each command of the other scripts that a claim depends on, on a name under which nothing
-- stands, or with a TTL that is none: so it writes nothing.
--
-- KEYS[1]  the name
--
-- Returns {each command that was refused, why}.
local calls = {
  {'get', KEYS[1]}, {'getrange', KEYS[1], '0', '0'}, {'psetex', KEYS[1], '0', ''},
  {'pttl', KEYS[1]}, {'pexpire', KEYS[1], '1'},
}
local refused = {}
for _, call in ipairs(calls) do
  local answer = redis.pcall(unpack(call))
  if type(answer) == 'table' and answer.err then
    refused[#refused + 1] = call[1]
    refused[#refused + 1] = answer.err
  end
end
return refused
