-- Forgets a record, whatever its state: the very attempt's, or one that can't be read by its bytes.
--
-- 1  name
-- 2  state
-- 3  owner
-- 4  fence
-- 5  record
delete from {table}
where name = ? and expires_at > utc_timestamp(6)
    and ((state = ? and owner = ? and fence = ?) or record = ?)
