-- Claims a name in the caller's own transaction, as claim.sql does, without waiting for a rival's: what
-- another transaction claims is behind its lock on the name, which ends when that transaction does.
--
-- $1 to $8  as in claim.sql
--
-- Returns the fence and no record when the name is claimed; what stands there; or neither, when another
-- transaction has the name. No row: a rival came between the reading and the writing.
with standing as materialized (
    select fence, record, coalesce(lease_until, expires_at) - clock_timestamp() as remains
    from {table}
    where name = $8 and expires_at > clock_timestamp()
), lock as materialized (
    select pg_try_advisory_xact_lock(
        hashtextextended($8, '{table}'::regclass::oid::bigint)) as is_ours
    where not exists (select from standing)
), claimed as (
    insert into {table} as there
        (name, state, owner, fence, attempts, holder, lease_until, expires_at, record)
    select $8, 1, $1, greatest($2, (extract(epoch from clock.now) * 1000000)::bigint), $3, $4,
        clock.now + $5 * interval '1 millisecond', clock.now + $6 * interval '1 millisecond', $7
    from (select clock_timestamp() as now from lock where is_ours) as clock
    on conflict (name) do update set
        state = excluded.state,
        owner = excluded.owner,
        fence = greatest(there.fence + 1, excluded.fence),
        attempts = excluded.attempts,
        holder = excluded.holder,
        lease_until = excluded.lease_until,
        expires_at = excluded.expires_at,
        record = excluded.record
    where there.expires_at <= clock_timestamp()
    returning fence, null::bytea as record, null::interval as remains
)
select * from claimed
union all
select * from standing
union all
select null, null, null from lock where not is_ours
