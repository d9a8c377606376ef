-- Moves an entity from one state to another; the state of each row that was changed.
--
-- 1  id
-- 2  the state that it starts from
-- 3  the state that it leads to
update {table} set {column} = ?3 where {id} = ?1 and {column} = ?2 returning cast({column} as text)
