create table if not exists {migrations} (
    version    integer not null primary key,
    applied_at integer not null default (cast(unixepoch('subsec') * 1000 as integer))
);
insert into {migrations} (version) values ({version}) on conflict do nothing;
