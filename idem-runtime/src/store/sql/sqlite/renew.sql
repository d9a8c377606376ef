-- Starts lease and retention of a running record anew.
--
-- ?1  name
-- ?2  owner
-- ?3  fence
-- ?4  lease, ms; null for none
-- ?5  retention, ms
--
-- Returns the fence. No row: the record is not the attempt's any more.
update {table} as there set
    lease_until = clock.now + ?4,
    expires_at = clock.now + ?5
from (select cast(unixepoch('subsec') * 1000 as integer) as now) as clock
where there.name = ?1 and there.state = 1 and there.owner = ?2 and there.fence = ?3
    and there.expires_at > clock.now
returning fence
