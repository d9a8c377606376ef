-- Completes running records, many at once. Waits for nobody: a row that another has locked is left
-- out.
--
-- $1  names, each once, sorted
-- $2  owners
-- $3  fences
-- $4  retentions, ms
-- $5  records, completed
--
-- Returns the places (from 1) of those that it has completed.
with asked as materialized (
    select * from unnest($1, $2, $3, $4, $5) with ordinality
        as asked (name, owner, fence, retention, record, place)
), held as materialized (
    select asked.place, asked.retention, asked.record, there.at
    -- Row by row, so by the index, whatever the table's statistics are.
    from asked, lateral (
        select ctid as at
        from {table}
        where name = asked.name and state = 1 and owner = asked.owner and fence = asked.fence
            and expires_at > clock_timestamp()
        for no key update skip locked
    ) as there
)
update {table} as there set
    state = 2,
    lease_until = null,
    expires_at = clock_timestamp() + held.retention * interval '1 millisecond',
    record = held.record
from held
where there.ctid = held.at
returning held.place
