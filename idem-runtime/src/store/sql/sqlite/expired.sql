-- Counts records that have expired.
--
-- ?1  how many at most
select count(*) from (
    select 1 from {table}
    where expires_at <= cast(unixepoch('subsec') * 1000 as integer)
    limit ?1
)
