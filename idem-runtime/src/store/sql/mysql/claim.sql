-- Claims a name under which there is no row. Where a rival has made one, it is refused (1062).
--
-- 1  owner
-- 2  the least that the fence may be
-- 3  attempts
-- 4  holder
-- 5  lease, ms; null for none
-- 6  retention, ms
-- 7  record, running
-- 8  name
--
-- Tells the fence as the last insert id: by the clock of this statement, and not of the look before it,
-- since another may have come and gone meanwhile.
insert into {table}
    (state, owner, fence, attempts, holder, lease_until, expires_at, record, name)
values (1, ?, last_insert_id(greatest(?,
        timestampdiff(microsecond, '1970-01-01', utc_timestamp(6)))), ?, ?,
    utc_timestamp(6) + interval (? * 1000) microsecond,
    utc_timestamp(6) + interval (? * 1000) microsecond, ?, ?)
