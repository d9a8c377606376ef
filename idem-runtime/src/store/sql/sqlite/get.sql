-- Reads what stands under a name.
--
-- ?1  name
--
-- Returns it, with what is left of its lease and of its retention in µs.
select there.fence, there.record,
    (there.lease_until - clock.now) * 1000 as lease_left,
    (there.expires_at - clock.now) * 1000 as kept
from {table} as there, (select cast(unixepoch('subsec') * 1000 as integer) as now) as clock
where there.name = ?1 and there.expires_at > clock.now
