-- Claims a name under which nothing stands, or only what has expired; else tells what stands there.
-- A name that is taken is only read: no lock, no dead row.
--
-- $1  owner
-- $2  the least that the fence may be
-- $3  attempts
-- $4  holder
-- $5  lease, ms; null for none
-- $6  retention, ms
-- $7  record, running
-- $8  name
--
-- Returns the fence and no record when the name is claimed, else what stands there as get.sql does. No
-- row: a rival came between the reading and the writing, and only a new statement sees it.
with standing as materialized (
    select fence, record, coalesce(lease_until, expires_at) - clock_timestamp() as remains
    from {table}
    where name = $8 and expires_at > clock_timestamp()
), claimed as (
    insert into {table} as there
        (name, state, owner, fence, attempts, holder, lease_until, expires_at, record)
    select $8, 1, $1, greatest($2, (extract(epoch from clock.now) * 1000000)::bigint), $3, $4,
        clock.now + $5 * interval '1 millisecond', clock.now + $6 * interval '1 millisecond', $7
    from (select clock_timestamp() as now where not exists (select from standing)) as clock
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
