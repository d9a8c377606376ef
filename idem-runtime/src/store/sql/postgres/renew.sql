-- Starts lease and retention of a running record anew.
--
-- $1  lease, ms; null for none
-- $2  retention, ms
-- $3  name
-- $4  owner
-- $5  fence
--
-- No row is changed: the record is not the attempt's any more.
update {table} set
    lease_until = clock_timestamp() + $1 * interval '1 millisecond',
    expires_at = clock_timestamp() + $2 * interval '1 millisecond'
where name = $3 and state = 1 and owner = $4 and fence = $5 and expires_at > clock_timestamp()
