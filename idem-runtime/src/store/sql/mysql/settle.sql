-- Puts what settles it in a running record's place.
--
-- 1  the state that it comes to: completed or free
-- 2  its record
-- 3  its retention, ms
-- 4  name
-- 5  owner
-- 6  fence
--
-- Tells the fence as the last insert id: 0 when the record is not the attempt's any more.
update {table} set
    state = ?,
    fence = last_insert_id(fence),
    lease_until = null,
    record = ?,
    expires_at = utc_timestamp(6) + interval (? * 1000) microsecond
where name = ? and state = 1 and owner = ? and fence = ? and expires_at > utc_timestamp(6)
