-- Completes running records, many at once. It waits for nobody: where another has locked one of them,
-- it is refused (1205).
--
-- 1  records, completed, in a row
-- 2  JSON, an array for each record, sorted by name: name and owner in hexadecimal digits, fence,
--    retention in ms, the completed record's place in 1 and length
--
-- Its count of rows is twice as many as records under every flag of the connection if each was
-- completed, and less if not: then completed.sql tells which were. Under a name that is gone it puts
-- what has long expired, which is as absent.
--
-- An update that joins another table keeps what it writes in a temporary one, on disk since a record
-- is a blob.
set statement innodb_lock_wait_timeout = 0 for
insert into {table}
    (state, owner, fence, attempts, holder, lease_until, expires_at, record, name)
select 2, unhex(asked.owner), asked.fence, 1, '-', null, '1970-01-01',
    substr(?, asked.place, asked.length), unhex(asked.name)
from json_table(?, '$[*]' columns (
    name varchar(1024) path '$[0]', owner varchar(32) path '$[1]', fence bigint path '$[2]',
    retention bigint path '$[3]', place int path '$[4]', length int path '$[5]'
)) as asked
-- One after another, the state last: {running} is asked for each.
on duplicate key update
    record = if({running}, values(record), {table}.record),
    lease_until = if({running}, null, {table}.lease_until),
    expires_at = if({running},
        utc_timestamp(6) + interval (asked.retention * 1000) microsecond, {table}.expires_at),
    state = if({running}, 2, {table}.state)
