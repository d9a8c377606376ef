-- Starts lease and retention of a running record anew.
--
-- $1  name
-- $2  owner
-- $3  fence
-- $4  lease, ms; null for none
-- $5  retention, ms
--
-- Returns the fence. No row: the record is not the attempt's any more.
update {table} set
    lease_until = clock_timestamp() + $4 * interval '1 millisecond',
    expires_at = clock_timestamp() + $5 * interval '1 millisecond'
where name = $1 and state = 1 and owner = $2 and fence = $3 and expires_at > clock_timestamp()
returning fence
