-- Takes a name over in the caller's own transaction, as takeover.sql does, behind the lock that
-- claim_inside.sql takes.
--
-- $1 to $11  as in takeover.sql
--
-- Returns the fence, or null when another transaction has the name. No row: another record stands
-- there, a live one, or none.
with lock as materialized (
    select pg_try_advisory_xact_lock(
        hashtextextended($8, '{table}'::regclass::oid::bigint)) as is_ours
), taken as (
    update {table} as there set
        state = 1,
        owner = $1,
        fence = greatest(there.fence + 1, $2, (extract(epoch from clock.now) * 1000000)::bigint),
        attempts = $3,
        holder = $4,
        lease_until = clock.now + $5 * interval '1 millisecond',
        expires_at = clock.now + $6 * interval '1 millisecond',
        record = $7
    from lock, (select clock_timestamp() as now) as clock
    where lock.is_ours
        and name = $8 and state = $9 and owner = $10 and fence = $11
        and (state = 3 or (state = 1 and lease_until < clock.now))
    returning there.fence
)
select fence from taken
union all
select null from lock where not is_ours
