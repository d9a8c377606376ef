--- 1: the table of records
create table if not exists {table} (
    -- prefix:operation:key, as people read it
    name        text    not null primary key,
    -- 1 running, 2 completed, 3 free
    state       integer not null,
    owner       blob    not null,
    fence       integer not null,
    attempts    integer not null,
    -- who claimed it: host/pid
    holder      text    not null,
    -- times in ms since 1970; null unless it runs under a lease
    lease_until integer,
    expires_at  integer not null,
    -- the envelope that the library reads
    record      blob    not null
);
create index if not exists {schema}{index} on {own} (expires_at);
