-- Puts what settles it in a running record's place.
--
-- 1  the state that it comes to: completed or free
-- 2  its record
-- 3  its retention, ms
-- 4  its owner: another's where a person settles
-- 5  name
-- 6  owner
-- 7  fence
--
-- Tells the fence as the last insert id: 0 when the record is not the attempt's any more.
update {table} set
    state = ?,
    fence = last_insert_id(fence),
    lease_until = null,
    record = ?,
    expires_at = utc_timestamp(6) + interval (? * 1000) microsecond,
    owner = ?
where name = ? and state = 1 and owner = ? and fence = ? and expires_at > utc_timestamp(6)
