use std::path::{Path, PathBuf};

use kit::{
    process::Process,
    redis::{Flavour, Server},
    wait_for,
};

use crate::SOON;

fn is_there(pid: u32) -> bool {
    Path::new("/proc").join(pid.to_string()).exists()
}

#[test]
fn a_dropped_server_leaves_nothing() {
    for flavour in Flavour::ALL {
        let server = Server::start(flavour);
        let (pid, folder) = (server.pid(), server.folder().to_owned());
        assert!(is_there(pid) && folder.exists());
        drop(server);
        assert!(!is_there(pid) && !folder.exists(), "{flavour:?}");
    }
}

#[test]
fn a_failed_test_leaves_nothing() {
    let server = Server::start(Flavour::Redis);
    let (pid, folder) = (server.pid(), server.folder().to_owned());
    let failed = std::thread::spawn(move || {
        let _server = server;
        std::panic::resume_unwind(Box::new("a failure"));
    });
    assert!(failed.join().is_err());
    assert!(!is_there(pid) && !folder.exists());
}

#[tokio::test]
async fn a_killed_process_leaves_nothing() {
    let mut victim = Process::run(env!("CARGO_BIN_EXE_kit-victim")).start();
    let mut servers: Vec<(u32, PathBuf)> = Vec::new();
    for _ in Flavour::ALL {
        let line = victim.line_with("server ", SOON).await;
        let mut words = line.split(' ').skip(1);
        let pid = words.next().unwrap().parse().unwrap();
        servers.push((pid, words.next().unwrap().into()));
    }
    victim.line_with("ready", SOON).await;
    assert!(servers.iter().all(|(pid, folder)| is_there(*pid) && folder.exists()));
    victim.kill();
    wait_for("the victim's servers to go", SOON, async || {
        !servers.iter().any(|(pid, folder)| is_there(*pid) || folder.exists())
    })
    .await;
}

#[test]
fn a_paused_server_goes_too() {
    let mut server = Server::start(Flavour::Valkey);
    let pid = server.pid();
    server.pause();
    drop(server);
    assert!(!is_there(pid));
}
