--- 1: the table of records
create table if not exists {table} (
    -- prefix:operation:key, as people read it
    name        text collate "C" not null primary key,
    -- 1 running, 2 completed, 3 free
    state       smallint    not null,
    owner       bytea       not null,
    fence       bigint      not null,
    attempts    integer     not null,
    -- who claimed it: host/pid
    holder      text        not null,
    -- null unless it runs under a lease
    lease_until timestamptz,
    expires_at  timestamptz not null,
    -- the envelope that the library reads
    record      bytea       not null
);
create index if not exists {index} on {table} (expires_at);
