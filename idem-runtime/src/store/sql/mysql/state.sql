-- Locks an entity's row, and tells its state; without waiting (MariaDB 1205, MySQL 3572).
--
-- 1  id
select cast({column} as char) from {table} where {id} = ? for update nowait
