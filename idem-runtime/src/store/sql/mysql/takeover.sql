-- Takes a name over from the very record that was judged, if it is free, its lease has lapsed, or it
-- has expired.
--
-- 1  owner
-- 2  the least that the fence may be
-- 3  attempts
-- 4  holder
-- 5  lease, ms; null for none
-- 6  retention, ms
-- 7  record, running
-- 8  name
-- 9  the judged record's state
-- 10 its owner
-- 11 its fence
--
-- Tells the fence as the last insert id: 0 when another record stands there, a live one, or none.
-- The count of rows is not asked: what it counts is a flag of the connection.
update {table} set
    state = 1,
    owner = ?,
    fence = last_insert_id(greatest(
        fence + 1, ?, timestampdiff(microsecond, '1970-01-01', utc_timestamp(6)))),
    attempts = ?,
    holder = ?,
    lease_until = utc_timestamp(6) + interval (? * 1000) microsecond,
    expires_at = utc_timestamp(6) + interval (? * 1000) microsecond,
    record = ?
where name = ? and state = ? and owner = ? and fence = ?
    and (state = 3 or (state = 1 and lease_until < utc_timestamp(6))
        or expires_at <= utc_timestamp(6))
