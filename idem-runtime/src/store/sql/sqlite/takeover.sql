-- Takes a name over from the very record that was judged, if it is free or its lease has lapsed.
--
-- ?1 to ?8  as in claim.sql
-- ?9        the judged record's state
-- ?10       its owner
-- ?11       its fence
--
-- Returns the fence. No row: another record stands there, a live one, or none.
update {table} as there set
    state = 1,
    owner = ?1,
    fence = max(there.fence + 1, ?2, clock.now * 1000),
    attempts = ?3,
    holder = ?4,
    lease_until = clock.now + ?5,
    expires_at = clock.now + ?6,
    record = ?7
from (select cast(unixepoch('subsec') * 1000 as integer) as now) as clock
where there.name = ?8 and there.state = ?9 and there.owner = ?10 and there.fence = ?11
    and (there.state = 3 or (there.state = 1 and there.lease_until < clock.now))
returning fence
