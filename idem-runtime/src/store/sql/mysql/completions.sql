-- Completes running records, many at once; in MySQL, and in a MariaDB that logs statements. Where
-- another has locked one of them, it is refused (1205): MariaDB does not wait for him.
--
-- 1  JSON, an array for each record, sorted by name: name and owner in hexadecimal digits, fence,
--    retention in ms, the completed record's place in 2 and length
-- 2  records, completed, in a row
--
-- Its count of rows is that of the records if each was completed; if not, completed.sql tells which were.
/*M! set statement innodb_lock_wait_timeout = 0 for */
update json_table(?, '$[*]' columns (
    name varchar(1024) path '$[0]', owner varchar(32) path '$[1]', fence bigint path '$[2]',
    retention bigint path '$[3]', place int path '$[4]', length int path '$[5]'
)) as asked
-- By the index: what is looked at is locked.
straight_join {table} as there force index (primary) on there.name = unhex(asked.name)
set there.state = 2,
    there.lease_until = null,
    there.expires_at = utc_timestamp(6) + interval (asked.retention * 1000) microsecond,
    there.record = substr(?, asked.place, asked.length)
where there.state = 1 and there.owner = unhex(asked.owner) and there.fence = asked.fence
    and there.expires_at > utc_timestamp(6)
