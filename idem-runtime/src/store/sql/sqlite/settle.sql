-- Puts what settles it in a running record's place.
--
-- ?1  the state that it comes to: completed or free
-- ?2  its record
-- ?3  its retention, ms
-- ?4  its owner: another's where a person settles
-- ?5  name
-- ?6  owner
-- ?7  fence
--
-- Returns the fence. No row: the record is not the attempt's any more.
update {table} as there set
    state = ?1,
    owner = ?4,
    lease_until = null,
    expires_at = clock.now + ?3,
    record = ?2
from (select cast(unixepoch('subsec') * 1000 as integer) as now) as clock
where there.name = ?5 and there.state = 1 and there.owner = ?6 and there.fence = ?7
    and there.expires_at > clock.now
returning fence
