-- Forgets a record, whatever its state: the very attempt's, or one that can't be read by its bytes.
--
-- $1  name
-- $2  state
-- $3  owner
-- $4  fence
-- $5  record
--
-- No row is deleted: another record stands there, or none.
delete from {table}
where name = $1 and expires_at > clock_timestamp()
    and ((state = $2 and owner = $3 and fence = $4) or record = $5)
