//! Starts a server of each flavour, says where they are, and waits to be killed.

use kit::redis::{Flavour, Server};

fn main() {
    let servers = Flavour::ALL.map(Server::start);
    for server in &servers {
        println!("server {} {}", server.pid(), server.folder().display());
    }
    println!("ready");
    loop {
        std::thread::park();
    }
}
