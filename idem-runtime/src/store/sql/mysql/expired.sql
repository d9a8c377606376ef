-- Counts records that have expired, and locks none of them.
--
-- 1  how many at most
select count(*) from (
    select 1 from {table}
    where expires_at <= utc_timestamp(6)
    limit ?
) as expired
