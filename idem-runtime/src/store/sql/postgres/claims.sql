-- Claims names under which nothing stands, or tells what does, for many at once. Waits for nobody: a
-- name that another claims just now, or whose row has expired, is left out.
--
-- $1  names, each once, sorted
-- $2  owners
-- $3  the least that the fences may be
-- $4  attempts
-- $5  holders
-- $6  leases, ms; null for none
-- $7  retentions, ms
-- $8  records, running
--
-- Returns for a name its place (from 1), and as claim.sql: the fence and no record when it is claimed,
-- else what stands there.
with asked as materialized (
    select * from unnest($1, $2, $3, $4, $5, $6, $7, $8) with ordinality
        as asked (name, owner, fence, attempts, holder, lease, retention, record, place)
), standing as materialized (
    select asked.place, there.*
    -- Row by row, so by the index, whatever the table's statistics are.
    from asked, lateral (
        select fence, record, coalesce(lease_until, expires_at) - clock_timestamp() as remains
        from {table}
        where name = asked.name and expires_at > clock_timestamp()
        offset 0
    ) as there
), free as materialized (
    select * from asked
    where place not in (select place from standing)
        and pg_try_advisory_xact_lock(hashtextextended(name, '{table}'::regclass::oid::bigint))
), claimed as (
    insert into {table} as there
        (name, state, owner, fence, attempts, holder, lease_until, expires_at, record)
    select free.name, 1, free.owner,
        greatest(free.fence, (extract(epoch from clock.now) * 1000000)::bigint),
        free.attempts, free.holder,
        clock.now + free.lease * interval '1 millisecond',
        clock.now + free.retention * interval '1 millisecond', free.record
    -- Who has inserted a name and not committed holds no lock that can be tried.
    from (select clock_timestamp() as now, set_config('lock_timeout', '1', true)) as clock, free
    on conflict (name) do nothing
    returning owner, fence
)
select asked.place, claimed.fence, null::bytea as record, null::interval as remains
from claimed join asked using (owner)
union all
select place, fence, record, remains
from standing
