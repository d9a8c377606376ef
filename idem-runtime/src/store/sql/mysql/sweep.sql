-- Deletes records that have expired.
--
-- 1  how many at most
delete from {table}
where expires_at <= utc_timestamp(6)
order by expires_at
limit ?
