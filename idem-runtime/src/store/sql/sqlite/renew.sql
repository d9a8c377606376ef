-- Starts lease and retention of a running record anew.
--
-- ?1  lease, ms; null for none
-- ?2  retention, ms
-- ?3  name
-- ?4  owner
-- ?5  fence
--
-- Returns the fence. No row: the record is not the attempt's any more.
update {table} as there set
    lease_until = clock.now + ?1,
    expires_at = clock.now + ?2
from (select cast(unixepoch('subsec') * 1000 as integer) as now) as clock
where there.name = ?3 and there.state = 1 and there.owner = ?4 and there.fence = ?5
    and there.expires_at > clock.now
returning fence
