-- Moves an entity from one state to another.
--
-- 1  the state that it leads to
-- 2  id
-- 3  the state that it starts from
--
-- In MariaDB without waiting for a lock (1205), and refusing what the column would cut short; MySQL
-- reads that as a comment.
/*M! set statement innodb_lock_wait_timeout = 0,
    sql_mode = concat(@@sql_mode, ',STRICT_ALL_TABLES') for */
update {table} set {column} = ? where {id} = ? and {column} = ?
