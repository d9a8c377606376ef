-- Deletes records that have expired. It waits for nobody (MySQL has no such word: there it is a
-- comment, and a record that another has locked is waited for).
--
-- 1  how many at most
/*M!100102 set statement innodb_lock_wait_timeout = 0 for */
delete from {table}
where expires_at <= utc_timestamp(6)
order by expires_at
limit ?
