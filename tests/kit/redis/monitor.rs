use std::{
    net::SocketAddr,
    sync::atomic::{AtomicUsize, Ordering},
};

use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    net::{TcpStream, tcp::OwnedWriteHalf},
};

use super::stats::is_set_up;

/// What clients send to a server, read off `MONITOR`: all commands with all their words, in
/// order; not what scripts do inside, nor what a connection sends when it is made.
///
/// On a server that is shared, look for what names the test's own keys.
///
/// ```no_run
/// # use kit::redis::{Flavour, Server};
/// # async fn test() {
/// let server = Server::shared(Flavour::Redis);
/// let mut monitor = server.monitor().await;
/// server.client().await.run::<()>(&["SET", "mine:1", "value"]).await;
/// assert_eq!(monitor.seen_with("mine:1").await, ["SET mine:1 value"]);
/// # }
/// ```
#[derive(Debug)]
pub struct Monitor {
    listening: Connection,
    asking: Connection,
}

static MARKS: AtomicUsize = AtomicUsize::new(0);

impl Monitor {
    pub(super) async fn attach(address: SocketAddr, password: Option<&str>) -> Self {
        let mut listening = Connection::open(address, password).await;
        listening.ask("MONITOR").await;
        Self { listening, asking: Connection::open(address, password).await }
    }

    /// The commands that the server was given since this was last asked, each as its words with
    /// spaces between; a byte that isn't visible ASCII is written as `\x…`.
    ///
    /// # Panics
    ///
    /// When the server is gone.
    pub async fn seen(&mut self) -> Vec<String> {
        // The server tells of commands in the order in which it runs them: all that came before
        // the mark has been told of when the mark is.
        // No other monitor on a shared server has the same one.
        let mark = MARKS.fetch_add(1, Ordering::Relaxed);
        let mark = format!("kit-mark-{}-{mark}", std::process::id());
        self.asking.ask(&format!("ECHO {mark}")).await;
        let mut seen = Vec::new();
        loop {
            let line = self.listening.line().await;
            let Some((source, words)) = parse(&line) else { continue };
            if words == ["ECHO", &mark] {
                return seen;
            }
            if source != "lua" && !is_set_up(&words[0]) && words[0] != "ECHO" {
                seen.push(words.join(" "));
            }
        }
    }

    /// [`seen`](Self::seen), of these the ones with `needle` in them.
    pub async fn seen_with(&mut self, needle: &str) -> Vec<String> {
        self.seen().await.into_iter().filter(|command| command.contains(needle)).collect()
    }
}

/// Takes `+1700000000.1 [0 127.0.0.1:5000] "SET" "key"` apart, into the source and the words.
fn parse(line: &str) -> Option<(&str, Vec<String>)> {
    let (_, rest) = line.split_once(" [")?;
    let (source, rest) = rest.split_once("] ")?;
    let source = source.split_once(' ')?.1;
    let (mut words, mut word, mut escaped) = (Vec::new(), None, false);
    for c in rest.chars() {
        match (&mut word, c) {
            (Some(word), _) if escaped => {
                // `\"` and `\\` are themselves, `\n` and `\x00` stay as they are.
                if !matches!(c, '"' | '\\') {
                    String::push(word, '\\');
                }
                word.push(c);
                escaped = false;
            }
            (Some(_), '\\') => escaped = true,
            (Some(_), '"') => words.extend(word.take()),
            (Some(word), _) => word.push(c),
            (None, '"') => word = Some(String::new()),
            (None, _) => {}
        }
    }
    (!words.is_empty()).then_some((source, words))
}

/// Just enough of a connection for one-line questions and answers.
#[derive(Debug)]
struct Connection {
    lines: Lines<BufReader<tokio::net::tcp::OwnedReadHalf>>,
    writer: OwnedWriteHalf,
}

impl Connection {
    async fn open(address: SocketAddr, password: Option<&str>) -> Self {
        let stream = TcpStream::connect(address).await.expect("the server takes connections");
        let (reader, writer) = stream.into_split();
        let mut connection = Self { lines: BufReader::new(reader).lines(), writer };
        if let Some(password) = password {
            connection.ask(&format!("AUTH {password}")).await;
        }
        connection
    }

    async fn ask(&mut self, question: &str) {
        let question = format!("{question}\r\n");
        self.writer.write_all(question.as_bytes()).await.expect("the server is there");
        let answer = self.line().await;
        assert!(!answer.starts_with('-'), "{question}: {answer}");
    }

    async fn line(&mut self) -> String {
        let line = self.lines.next_line().await;
        line.ok().flatten().expect("the server is there")
    }
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn words_are_taken_apart() {
        let line = r#"+1700000000.12 [0 127.0.0.1:5000] "SET" "a b" "\"\\\x00\n""#;
        let words = ["SET", "a b", r#""\\x00\n"#].map(str::to_owned).to_vec();
        assert_eq!(parse(line), Some(("127.0.0.1:5000", words)));
        assert_eq!(parse(r#"+1 [0 lua] "GET" """#).unwrap().0, "lua");
        assert_eq!(parse("+OK"), None);
    }
}
