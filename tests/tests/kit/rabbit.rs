use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
    path::Path,
};

use kit::rabbit::Server;

/// The programs that have this folder in their environment, whoever started them.
fn programs_of(folder: &Path) -> Vec<String> {
    let folder = folder.display().to_string();
    let processes = fs::read_dir("/proc").unwrap().flatten().map(|process| process.path());
    let has_it = |process: &Path| {
        let environment = fs::read(process.join("environ")).unwrap_or_default();
        String::from_utf8_lossy(&environment).contains(&folder)
    };
    let name = |process: &Path| fs::read_to_string(process.join("comm")).unwrap_or_default();
    processes.filter(|process| has_it(process)).map(|process| name(&process)).collect()
}

#[test]
fn a_node_speaks_amqp_and_leaves_nothing() {
    let server = Server::start();
    let mut stream = TcpStream::connect(server.address()).unwrap();
    stream.write_all(b"AMQP\0\0\x09\x01").unwrap();
    let mut answer = [0; 11];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(answer[7..], [0, 10, 0, 10], "connection.start");

    let folder = server.folder().to_owned();
    let programs = programs_of(&folder);
    assert!(programs.iter().any(|name| name.contains("beam")), "{programs:?}");
    // The machine has one `epmd`, and whoever starts it leaves it running.
    assert!(!programs.iter().any(|name| name.contains("epmd")), "{programs:?}");
    drop(server);
    assert_eq!(programs_of(&folder), Vec::<String>::new());
    assert!(!folder.exists());
}
