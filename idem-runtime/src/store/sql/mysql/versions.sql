create table if not exists {migrations} (
    version    int         not null primary key,
    applied_at datetime(6) not null
) engine = InnoDB;
insert ignore into {migrations} (version, applied_at) values ({version}, utc_timestamp(6));
