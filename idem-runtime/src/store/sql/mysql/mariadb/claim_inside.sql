-- Claims a name in the caller's own transaction, as get.sql and claim.sql do one after the other, without
-- waiting for a lock (1205). A name that is taken is only read. Where a rival comes between the two, or
-- the transaction's snapshot is older than the rival's commit, the insert is refused (1062).
--
-- 1        name
-- 2 to 9   as in claim.sql
--
-- Returns what get.sql does, or null and the fence when the name is claimed. For replicas the insert is
-- logged, with its values in it, and nothing else.
begin not atomic
declare standing longblob;
-- By a statement of its own: a condition's reads, as `if exists (…)`, lock what they read.
select if(there.name is null, null, concat_ws(' ', there.fence,
        coalesce(timestampdiff(microsecond, utc_timestamp(6), there.lease_until), '-'),
        timestampdiff(microsecond, utc_timestamp(6), there.expires_at),
        there.state, hex(there.owner), there.record))
into standing
from (select 1) as always left join {table} as there on there.name = ?;
if standing is not null then
    select standing as told;
else
    set statement innodb_lock_wait_timeout = 0 for
    insert into {table}
        (state, owner, fence, attempts, holder, lease_until, expires_at, record, name)
    values (1, ?, last_insert_id(greatest(?,
            timestampdiff(microsecond, '1970-01-01', utc_timestamp(6)))), ?, ?,
        utc_timestamp(6) + interval (? * 1000) microsecond,
        utc_timestamp(6) + interval (? * 1000) microsecond, ?, ?);
    select null as told, last_insert_id() as fence;
end if;
end
