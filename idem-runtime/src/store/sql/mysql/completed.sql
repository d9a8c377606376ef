-- Reads which records are completed by the very attempts that were asked about. Locks nothing.
--
-- 1  JSON, as in completions.sql
--
-- Returns their places in 1 (from 1).
select asked.number
from json_table(?, '$[*]' columns (
    number for ordinality, name varchar(1024) path '$[0]', owner varchar(32) path '$[1]',
    fence bigint path '$[2]'
)) as asked
straight_join {table} as there force index (primary) on there.name = unhex(asked.name)
where there.state = 2 and there.owner = unhex(asked.owner) and there.fence = asked.fence
    and there.expires_at > utc_timestamp(6)
