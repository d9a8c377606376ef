-- Reads the server's clock, and what stands under a name, also if it has expired. Locks nothing.
--
-- 1  name
--
-- Returns one row: the clock in µs since 1970, and nulls where nothing stands; else the row, with
-- what is left of its lease and of its retention in µs.
select timestampdiff(microsecond, '1970-01-01', utc_timestamp(6)) as now,
    there.fence, there.record,
    timestampdiff(microsecond, utc_timestamp(6), there.lease_until) as lease_left,
    timestampdiff(microsecond, utc_timestamp(6), there.expires_at) as kept,
    there.state, there.owner
from (select 1) as always left join {table} as there on there.name = ?
