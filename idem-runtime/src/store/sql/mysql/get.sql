-- Reads what stands under a name, also if it has expired. Locks nothing.
--
-- 1  name
--
-- Returns one row of two columns, since each is described anew in every answer: numbers with blanks
-- between them, and the record. The numbers are, nothing where nothing stands: fence, what is left of
-- lease and of retention in µs, state, and the owner in hexadecimal digits.
select concat_ws(' ', coalesce(there.fence, ''),
        coalesce(timestampdiff(microsecond, utc_timestamp(6), there.lease_until), ''),
        coalesce(timestampdiff(microsecond, utc_timestamp(6), there.expires_at), ''),
        coalesce(there.state, ''), coalesce(hex(there.owner), '')) as told,
    there.record
from (select 1) as always left join {table} as there on there.name = ?
