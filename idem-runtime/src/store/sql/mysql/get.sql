-- Reads what stands under a name, also if it has expired. Locks nothing.
--
-- 1  name
--
-- Returns one row of one column, since each is described anew in every answer: the record, and before it,
-- with blanks after them, fence, what is left of lease and of retention in µs, state, and the owner in
-- hexadecimal digits. A dash stands for what is not there, and for each of them where nothing stands: an
-- empty string is null to a session in MariaDB's mode EMPTY_STRING_IS_NULL.
select concat_ws(' ', coalesce(there.fence, '-'),
        coalesce(timestampdiff(microsecond, utc_timestamp(6), there.lease_until), '-'),
        coalesce(timestampdiff(microsecond, utc_timestamp(6), there.expires_at), '-'),
        coalesce(there.state, '-'), coalesce(hex(there.owner), '-'), there.record) as told
from (select 1) as always left join {table} as there on there.name = ?
