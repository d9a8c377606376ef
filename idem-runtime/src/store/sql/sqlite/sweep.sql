-- Deletes records that have expired.
--
-- ?1  how many at most
--
-- Returns a row for each.
delete from {table}
where rowid in (
    select rowid from {table}
    where expires_at <= cast(unixepoch('subsec') * 1000 as integer)
    order by expires_at
    limit ?1
)
returning 1
