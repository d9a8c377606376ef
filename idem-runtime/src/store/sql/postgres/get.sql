-- Reads what stands under a name.
--
-- $1  name
--
-- Returns it, with what is left of its lease and of its retention in µs.
select fence, record,
    (date_part('epoch', lease_until - clock_timestamp()) * 1000000)::bigint as lease_left,
    (date_part('epoch', expires_at - clock_timestamp()) * 1000000)::bigint as kept
from {table}
where name = $1 and expires_at > clock_timestamp()
