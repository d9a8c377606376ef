-- Moves an entity from one state to another; a row for each that was changed.
--
-- 1  id
-- 2  the state that it starts from
-- 3  the state that it leads to
update {table} set {column} = ?3 where {id} = ?1 and {column} = ?2 returning 1
