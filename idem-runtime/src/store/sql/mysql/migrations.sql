--- 1: the table of records
create table if not exists {table} (
    -- prefix:operation:key, as people read it; compared by its bytes
    name        varbinary(512) not null primary key,
    -- 1 running, 2 completed, 3 free
    state       tinyint        not null,
    owner       varbinary(16)  not null,
    fence       bigint         not null,
    attempts    int            not null,
    -- who claimed it: host/pid
    holder      varchar(64)    character set utf8mb4 not null,
    -- times in UTC; null unless it runs under a lease
    lease_until datetime(6)    null,
    expires_at  datetime(6)    not null,
    -- the envelope that the library reads
    record      longblob       not null,
    key {index} (expires_at)
) engine = InnoDB;
