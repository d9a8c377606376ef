-- Takes a name over from the very record that was judged, if it is free or its lease has lapsed.
--
-- $1 to $8  as in claim.sql
-- $9        the judged record's state
-- $10       its owner
-- $11       its fence
--
-- Returns the fence. No row: another record stands there, a live one, or none.
update {table} as there set
    state = 1,
    owner = $1,
    fence = greatest(there.fence + 1, $2, (extract(epoch from clock.now) * 1000000)::bigint),
    attempts = $3,
    holder = $4,
    lease_until = clock.now + $5 * interval '1 millisecond',
    expires_at = clock.now + $6 * interval '1 millisecond',
    record = $7
from (select clock_timestamp() as now) as clock
where name = $8 and state = $9 and owner = $10 and fence = $11
    and (state = 3 or (state = 1 and lease_until < clock.now))
returning there.fence
