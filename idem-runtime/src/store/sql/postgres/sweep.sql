-- Deletes records that have expired. What another sweep or a claim has in its hands is left to it.
--
-- $1  how many at most
--
-- Returns how many.
with expired as materialized (
    select name from {table}
    where expires_at <= clock_timestamp()
    order by expires_at
    limit $1
    for update skip locked
), swept as (
    delete from {table} as there using expired
    where there.name = expired.name and there.expires_at <= clock_timestamp()
    returning 1
)
select count(*) as swept from swept
