-- Claims a name under which there is no row. Where a rival has made one, it is refused (1062).
--
-- 1  name
-- 2  owner
-- 3  fence
-- 4  attempts
-- 5  holder
-- 6  lease, ms; null for none
-- 7  retention, ms
-- 8  record, running
insert into {table}
    (name, state, owner, fence, attempts, holder, lease_until, expires_at, record)
values (?, 1, ?, ?, ?, ?,
    utc_timestamp(6) + interval (? * 1000) microsecond,
    utc_timestamp(6) + interval (? * 1000) microsecond, ?)
