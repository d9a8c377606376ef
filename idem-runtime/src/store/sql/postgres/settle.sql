-- Puts what settles it in a running record's place.
--
-- $1  name
-- $2  owner
-- $3  fence
-- $4  the state that it comes to: completed or free
-- $5  its record
-- $6  its retention, ms
-- $7  its owner: another's where a person settles
--
-- Returns the fence. No row: the record is not the attempt's any more.
update {table} set
    state = $4,
    owner = $7,
    lease_until = null,
    expires_at = clock_timestamp() + $6 * interval '1 millisecond',
    record = $5
where name = $1 and state = 1 and owner = $2 and fence = $3 and expires_at > clock_timestamp()
returning fence
