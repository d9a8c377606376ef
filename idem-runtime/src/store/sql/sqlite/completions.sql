-- Completes running records, many at once.
--
-- ?1  JSON, an array for each record: name and owner in hexadecimal digits, fence, retention in ms,
--     the completed record's place in ?2 and length
-- ?2  records, completed, in a row
--
-- Returns owner and fence of each record that it has completed.
update {table} as there set
    state = 2,
    lease_until = null,
    expires_at = clock.now + (asked.value ->> 3),
    record = substr(?2, asked.value ->> 4, asked.value ->> 5)
from json_each(?1) as asked cross join (select cast(unixepoch('subsec') * 1000 as integer) as now) as clock
where there.name = cast(unhex(asked.value ->> 0) as text)
    and there.state = 1 and there.owner = unhex(asked.value ->> 1) and there.fence = asked.value ->> 2
    and there.expires_at > clock.now
returning owner, fence
