-- Claims a name under which nothing stands, or only what has expired.
--
-- ?1  name
-- ?2  owner
-- ?3  the least that the fence may be
-- ?4  attempts
-- ?5  holder
-- ?6  lease, ms; null for none
-- ?7  retention, ms
-- ?8  record, running
--
-- Returns the fence. No row: something stands there.
insert into {table} as there
    (name, state, owner, fence, attempts, holder, lease_until, expires_at, record)
select ?1, 1, ?2, max(?3, clock.now * 1000), ?4, ?5, clock.now + ?6, clock.now + ?7, ?8
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
