//! Nginx, as a proxy before servers of the test's own.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

use crate::{port, supervisor::Supervisor, wait};

/// How long it may take to start before a test gives up. It takes some 10 ms.
const START_DEADLINE: Duration = Duration::from_secs(20);

/// A real Nginx on a free loopback port, in a temporary folder; gone when it is dropped, or when the
/// process is.
///
/// ```no_run
/// # async fn test(one: std::net::SocketAddr, other: std::net::SocketAddr) {
/// use kit::{http::Request, nginx::Server};
///
/// let nginx = Server::before(&[one, other], "proxy_read_timeout 1s;");
/// let answer = Request::post("/pay").key("k-1").send(nginx.address()).await;
/// # }
/// ```
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    supervisor: Supervisor,
}

impl Server {
    /// Nginx as it comes, before these servers, with these directives where it passes requests on.
    #[must_use]
    pub fn before(upstreams: &[SocketAddr], directives: &str) -> Self {
        Self::configured(|listen| balancing(listen, upstreams, directives))
    }

    /// Nginx with a whole configuration of one's own, which is told where to listen. It says
    /// `daemon off` and `pid nginx.pid`, and names no path outside of its folder.
    ///
    /// # Panics
    ///
    /// When it isn't installed or doesn't start, with its log.
    #[must_use]
    pub fn configured(configuration: impl Fn(SocketAddr) -> String) -> Self {
        for _ in 0..10 {
            let address = (Ipv4Addr::LOCALHOST, port::free()).into();
            let mut supervisor = Supervisor::new(&[], |folder| {
                let folder = folder.display().to_string();
                let file = format!("{folder}/nginx.conf");
                ["/usr/sbin/nginx", "-e", "stderr", "-p", &folder, "-c", &file]
                    .map(str::to_owned)
                    .to_vec()
            });
            let file = supervisor.folder().join("nginx.conf");
            fs::write(file, configuration(address)).expect("a file can be written");
            supervisor.start();
            let server = Self { address, supervisor };
            if server.answers() {
                return server;
            }
            let log = server.supervisor.log();
            assert!(log.contains("Address already in use"), "{server:?} didn't start:\n{log}");
        }
        panic!("ten free ports in a row were taken by others");
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.supervisor.pid()
    }

    /// Whether it listens before it ends or the deadline passes. Its file comes when it has its port.
    fn answers(&self) -> bool {
        let pid = self.supervisor.folder().join("nginx.pid");
        let listens = || pid.exists() && TcpStream::connect(self.address).is_ok();
        wait::holds_by(START_DEADLINE, || listens() || !self.supervisor.is_running()) && listens()
    }
}

/// All that a configuration needs to leave nothing outside of its folder, and nothing more: whatever a
/// test does not say is as Nginx has it. One process, which needs no user of its own.
fn balancing(listen: SocketAddr, upstreams: &[SocketAddr], directives: &str) -> String {
    let servers: Vec<_> = upstreams.iter().map(|server| format!("server {server};")).collect();
    let servers = servers.join(" ");
    format!(
        "daemon off; master_process off; pid nginx.pid; error_log stderr;
        events {{ worker_connections 8192; }}
        http {{
            access_log off;
            client_body_temp_path body_temp; proxy_temp_path proxy_temp;
            fastcgi_temp_path fastcgi_temp; uwsgi_temp_path uwsgi_temp; scgi_temp_path scgi_temp;
            upstream servers {{ {servers} }}
            server {{
                listen {listen};
                location / {{
                    proxy_pass http://servers;
                    add_header X-Instances $upstream_addr always;
                    {directives}
                }}
            }}
        }}"
    )
}
