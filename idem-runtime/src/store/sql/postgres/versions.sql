create table if not exists {migrations} (
    version    integer     not null primary key,
    applied_at timestamptz not null default clock_timestamp()
);
insert into {migrations} (version) values ({version}) on conflict do nothing;
