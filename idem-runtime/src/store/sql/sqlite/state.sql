-- Tells an entity's state.
--
-- 1  id
select cast({column} as text) from {table} where {id} = ?1
