-- Claims names under which there are no rows, all of them or none. Where a rival has made one, it is
-- refused (1062); where one is about to, also (1205): MariaDB does not wait for him.
--
-- 1  records, running, in a row
-- 2  JSON, an array for each claim, sorted by name: name and owner in hexadecimal digits, the
--    least that the fence may be, attempts, holder, lease in ms or null, retention in ms, the record's
--    place in 1 and length
--
-- Tells the clock as the last insert id, in µs since 1970: a fence is that, or the
-- least where that is more.
/*M! set statement innodb_lock_wait_timeout = 0 for */
insert into {table}
    (state, owner, fence, attempts, holder, lease_until, expires_at, record, name)
select 1, unhex(asked.owner),
    greatest(asked.fence, last_insert_id(
        timestampdiff(microsecond, '1970-01-01', utc_timestamp(6)))),
    asked.attempts, asked.holder,
    utc_timestamp(6) + interval (asked.lease * 1000) microsecond,
    utc_timestamp(6) + interval (asked.retention * 1000) microsecond,
    substr(?, asked.place, asked.length), unhex(asked.name)
from json_table(?, '$[*]' columns (
    name varchar(1024) path '$[0]', owner varchar(32) path '$[1]', fence bigint path '$[2]',
    attempts int path '$[3]', holder varchar(64) character set utf8mb4 path '$[4]',
    lease bigint path '$[5]', retention bigint path '$[6]',
    place int path '$[7]', length int path '$[8]'
)) as asked
