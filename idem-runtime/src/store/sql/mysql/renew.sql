-- Starts lease and retention of a running record anew.
--
-- 1  lease, ms; null for none
-- 2  retention, ms
-- 3  name
-- 4  owner
-- 5  fence
--
-- Tells the fence as the last insert id: 0 when the record is not the attempt's any more.
update {table} set
    fence = last_insert_id(fence),
    lease_until = utc_timestamp(6) + interval (? * 1000) microsecond,
    expires_at = utc_timestamp(6) + interval (? * 1000) microsecond
where name = ? and state = 1 and owner = ? and fence = ? and expires_at > utc_timestamp(6)
