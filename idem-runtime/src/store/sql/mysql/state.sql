-- Locks an entity's row, and tells its state; without waiting (MariaDB 1205, MySQL 3572). Blanks with which
-- a session's mode fills a column of type char are not a part of it.
--
-- 1  id
select if(@@sql_mode like '%PAD_CHAR_TO_FULL_LENGTH%',
    trim(trailing ' ' from cast({column} as char)), cast({column} as char))
from {table} where {id} = ? for update nowait
