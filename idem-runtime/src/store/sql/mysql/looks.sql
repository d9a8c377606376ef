-- get.sql, for many at once. Locks nothing.
--
-- 1  JSON, the names in hexadecimal digits, each once
--
-- Returns a row for each: as get.sql, and the name's place (from 1).
select concat_ws(' ', coalesce(there.fence, '-'),
        coalesce(timestampdiff(microsecond, utc_timestamp(6), there.lease_until), '-'),
        coalesce(timestampdiff(microsecond, utc_timestamp(6), there.expires_at), '-'),
        coalesce(there.state, '-'), coalesce(hex(there.owner), '-'), there.record) as told,
    asked.number
from json_table(?, '$[*]' columns (
    number for ordinality, name varchar(1024) path '$'
)) as asked
left join {table} as there force index (primary) on there.name = unhex(asked.name)
