-- Reads what stands under a name.
--
-- $1  name
--
-- Returns it, with what is left of its lease and of its retention in µs.
select fence, record,
    (extract(epoch from lease_until - clock_timestamp()) * 1000000)::bigint as lease_left,
    (extract(epoch from expires_at - clock_timestamp()) * 1000000)::bigint as kept
from {table}
where name = $1 and expires_at > clock_timestamp()
