//! The bank as a person runs it, on each database.

use std::process::Command;

use kit::database::{Kind, Server};

/// Runs it with its teller killed so often; the books must be sound.
fn books_are_sound(kills: u32, url: Option<&str>) {
    let kills = kills.to_string();
    let mut bank = Command::new(env!("CARGO_BIN_EXE_bank"));
    let out = bank.args(["--kills", &kills]).args(url).output().unwrap();
    let (said, told) = (String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
    assert!(out.status.success(), "{said}\n{told}");
    assert!(said.ends_with("\nexactly once\n"), "{said}");
    assert!(said.contains("killed after"), "{said}");
}

#[test]
fn money_moves_exactly_once_in_sqlite() {
    books_are_sound(5, None);
}

#[test]
fn money_moves_exactly_once_in_postgres() {
    books_are_sound(5, Some(&Server::start(Kind::Postgres).url()));
}

#[test]
fn money_moves_exactly_once_in_mariadb() {
    books_are_sound(5, Some(&Server::start(Kind::MariaDb).url()));
}

/// What a pool says after half a minute is that it has timed out.
#[test]
fn a_database_that_is_not_there_is_named_as_the_reason() {
    for url in ["postgres://127.0.0.1:1/shop", "mysql://127.0.0.1:1/shop"] {
        let out = Command::new(env!("CARGO_BIN_EXE_bank")).arg(url).output().unwrap();
        let told = String::from_utf8_lossy(&out.stderr);
        assert!(told.contains("Connection refused"), "{url}: {told}");
    }
}
