-- Puts what settles it in a running record's place.
--
-- $1  the state that it comes to: completed or free
-- $2  its record
-- $3  its retention, ms
-- $4  its owner: another's where a person settles
-- $5  name
-- $6  owner
-- $7  fence
--
-- No row is changed: the record is not the attempt's any more.
update {table} set
    state = $1,
    owner = $4,
    lease_until = null,
    expires_at = clock_timestamp() + $3 * interval '1 millisecond',
    record = $2
where name = $5 and state = 1 and owner = $6 and fence = $7 and expires_at > clock_timestamp()
