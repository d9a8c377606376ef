-- Puts what settles it in a running record's place.
--
-- ?1  name
-- ?2  owner
-- ?3  fence
-- ?4  the state that it comes to: completed or free
-- ?5  its record
-- ?6  its retention, ms
-- ?7  its owner: another's where a person settles
--
-- Returns the fence. No row: the record is not the attempt's any more.
update {table} as there set
    state = ?4,
    owner = ?7,
    lease_until = null,
    expires_at = clock.now + ?6,
    record = ?5
from (select cast(unixepoch('subsec') * 1000 as integer) as now) as clock
where there.name = ?1 and there.state = 1 and there.owner = ?2 and there.fence = ?3
    and there.expires_at > clock.now
returning fence
