-- Claims names under which nothing stands, or only what has expired, many at once.
--
-- ?1  JSON, an array for each claim: name and owner in hexadecimal digits, the least that the fence
--     may be, attempts, holder, lease in ms or null, retention in ms, the record's place in ?2 and length
-- ?2  records, running, in a row
--
-- Returns owner and fence of each claim that was won: under the other names something stands.
insert into {table} as there
    (name, state, owner, fence, attempts, holder, lease_until, expires_at, record)
select cast(unhex(asked.value ->> 0) as text), 1, unhex(asked.value ->> 1),
    max(asked.value ->> 2, clock.now * 1000), asked.value ->> 3, asked.value ->> 4,
    clock.now + (asked.value ->> 5), clock.now + (asked.value ->> 6),
    substr(?2, asked.value ->> 7, asked.value ->> 8)
from json_each(?1) as asked, (select cast(unixepoch('subsec') * 1000 as integer) as now) as clock
where true
on conflict (name) do update set
    state = excluded.state,
    owner = excluded.owner,
    fence = max(there.fence + 1, excluded.fence),
    attempts = excluded.attempts,
    holder = excluded.holder,
    lease_until = excluded.lease_until,
    expires_at = excluded.expires_at,
    record = excluded.record
where there.expires_at <= cast(unixepoch('subsec') * 1000 as integer)
returning owner, fence
