-- Moves an entity from one state to another, if nobody else has locked it (55P03).
--
-- 1  id
-- 2  the state that it starts from
-- 3  the state that it leads to
--
-- Returns the state of each row that has the id, then of each that was changed, as it is after that; of
-- more than three rows the first three. A row is locked before the update looks at it; that lock is no
-- stronger than the update's own, so that rows which refer to this one can be made meanwhile.
with found as materialized (
    select {column}::text as state, false as moved from {table} where {id} = $1
    for no key update nowait
), moved as (
    update {table} set {column} = $3{cast}
    where {id} = $1 and {column} = $2{cast} and exists (select from found)
    returning coalesce({column}::text, 'null') as state, true as moved
)
select * from found
union all
select * from moved
limit 3
