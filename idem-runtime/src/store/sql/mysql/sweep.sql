-- Deletes records that have expired, and waits for nobody: MySQL passes over those that another has locked,
-- MariaDB refuses (1205). Each skips what is for the other.
--
-- 1  how many at most
/*M!100102 set statement innodb_lock_wait_timeout = 0 for
delete from {table}
where expires_at <= utc_timestamp(6)
order by expires_at
limit ? */
/*!80001 delete expired from {table} as expired
join (
    select name from {table}
    where expires_at <= utc_timestamp(6)
    order by expires_at
    limit ?
    for update skip locked
) as free using (name) */
