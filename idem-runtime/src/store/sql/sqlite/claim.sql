-- Claims a name under which nothing stands, or only what has expired.
--
-- ?1  owner
-- ?2  the least that the fence may be
-- ?3  attempts
-- ?4  holder
-- ?5  lease, ms; null for none
-- ?6  retention, ms
-- ?7  record, running
-- ?8  name
--
-- Returns the fence. No row: something stands there.
insert into {table} as there
    (name, state, owner, fence, attempts, holder, lease_until, expires_at, record)
select ?8, 1, ?1, max(?2, clock.now * 1000), ?3, ?4, clock.now + ?5, clock.now + ?6, ?7
from (select cast(unixepoch('subsec') * 1000 as integer) as now) as clock
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
returning fence
