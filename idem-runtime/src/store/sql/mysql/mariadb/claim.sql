-- Claims a name under which there is no row, or tells what stands there. It waits for nobody: where
-- another has locked the row, or is about to make it, it is refused (1205).
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
-- Returns what get.sql does. It is claimed if that is this very record with all of its retention left,
-- and so was written by this statement.
set statement innodb_lock_wait_timeout = 0 for
insert into {table}
    (state, owner, fence, attempts, holder, lease_until, expires_at, record, name)
values (1, ?, greatest(?, timestampdiff(microsecond, '1970-01-01', utc_timestamp(6))), ?, ?,
    utc_timestamp(6) + interval (? * 1000) microsecond,
    utc_timestamp(6) + interval (? * 1000) microsecond, ?, ?)
-- What stands there stays as it is. The function is never asked: a statement with it in is logged for
-- replicas by the rows that it changes, which here are none, and not as a text.
on duplicate key update fence = coalesce(fence, row_count())
returning concat_ws(' ', fence,
        coalesce(timestampdiff(microsecond, utc_timestamp(6), lease_until), '-'),
        timestampdiff(microsecond, utc_timestamp(6), expires_at),
        state, hex(owner), record) as told
