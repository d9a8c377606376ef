-- Calls each command of the other scripts that a lease depends on, on a name under which nothing
-- stands: so it writes nothing.
--
-- KEYS[1]  the name
--
-- Returns 0, or {the command that was refused, why}.
for _, call in ipairs({{'get', KEYS[1]}, {'pttl', KEYS[1]}, {'pexpire', KEYS[1], '1'}}) do
  local answer = redis.pcall(unpack(call))
  if type(answer) == 'table' and answer.err then
    return {call[1], answer.err}
  end
end
return 0
