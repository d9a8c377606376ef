-- Moves an entity from one state to another, if nobody else has locked it (55P03).
--
-- 1  id
-- 2  the state that it starts from
-- 3  the state that it leads to
--
-- Answers with how many rows have the id, how many were changed, and the state then. The row is
-- locked before the update looks at it; that lock is no stronger than the update's own, so that rows
-- which refer to this one can be made meanwhile.
with found as materialized (
    select {column}::text as state from {table} where {id} = $1 for no key update nowait
), moved as (
    update {table} set {column} = $3{cast}
    where {id} = $1 and {column} = $2{cast} and exists (select from found)
    returning {column}::text as state
)
select
    (select count(*) from found),
    (select count(*) from moved),
    coalesce((select state from moved limit 1), (select state from found limit 1))
