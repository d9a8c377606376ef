-- Reads what stands under a name.
--
-- $1  name
--
-- Returns it, with what is left of its lease, or of its retention where it has none.
select fence, record, coalesce(lease_until, expires_at) - clock_timestamp() as remains
from {table}
where name = $1 and expires_at > clock_timestamp()
