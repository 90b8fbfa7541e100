//! Tests of `deepcross serve` from outside: the real program on loopback, over plain sockets.
//!
//! Rejected: a client library, since many callers here do what no library would.

mod answers;
mod frames;
mod hostile;
mod lifetime;

use crate::Folder;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::time::{Duration, Instant};

/// A time longer than anything here should take, even on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// A row as JSON for the model of the tests.
const ROW: &str = r#"{"ad":"ad1","tags":["t1","t2"],"age":20}"#;

/// A running service, killed when the test ends.
struct Service {
    child: Child,
    addr: SocketAddr,
    stderr: BufReader<ChildStderr>,
}

/// An answer of the service.
#[derive(Debug)]
struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Service {
    fn start(folder: &Folder, flags: &str) -> Self {
        Self::start_with(folder, flags, None)
    }

    fn start_with(folder: &Folder, flags: &str, token: Option<&str>) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_deepcross"));
        command.args(["serve", "--model", "model.dcx", "--addr", "127.0.0.1:0"]);
        command.args(flags.split_whitespace()).current_dir(folder.folder.path());
        command.env_remove("DEEPCROSS_TOKEN").envs(token.map(|token| ("DEEPCROSS_TOKEN", token)));
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        stderr.read_line(&mut line).unwrap();
        let addr = line.trim_end().strip_prefix("listening on http://");
        let addr = addr.unwrap_or_else(|| panic!("{line}")).parse().unwrap();
        Self { child, addr, stderr }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.addr).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    /// Sends a request on a new connection.
    fn ask(&self, method: &str, path: &str, headers: &str, body: &str) -> Answer {
        let mut stream = self.connect();
        write!(stream, "{}", request(method, path, headers, body)).unwrap();
        Answer::read(&mut BufReader::new(stream))
    }

    fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, "", "")
    }

    fn post(&self, path: &str, body: &str) -> Answer {
        self.ask("POST", path, "", body)
    }

    fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([name, &id]).status().unwrap().success());
    }

    /// Reads the next line of standard error.
    fn line(&mut self) -> String {
        let mut line = String::new();
        self.stderr.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    /// Waits for the end; returns the exit code and the rest of standard error.
    fn end(mut self) -> (Option<i32>, String) {
        let start = Instant::now();
        let status = loop {
            match self.child.try_wait().unwrap() {
                Some(status) => break status,
                None if start.elapsed() > PATIENCE => panic!("the service does not end"),
                None => std::thread::sleep(Duration::from_millis(5)),
            }
        };
        let mut rest = String::new();
        self.stderr.read_to_string(&mut rest).unwrap();
        (status.code(), rest)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // The service may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Answer {
    /// Reads one response with a length.
    fn read(reader: &mut impl BufRead) -> Self {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            let n = reader.read_line(&mut head).unwrap();
            assert!(n > 0, "the connection ended in the head: {head:?}");
        }
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap();
        let lower = head.to_ascii_lowercase();
        let (_, length) = lower.split_once("content-length: ").expect("a length");
        let length = length.split("\r\n").next().unwrap().parse().unwrap();
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        Self { status, head: lower, body: String::from_utf8(body).unwrap() }
    }

    fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    fn probabilities(&self) -> Vec<f32> {
        assert_eq!(self.status, 200, "{}", self.body);
        let list = self.json()["probabilities"].clone();
        // The numbers are parsed as text, so that nothing is rounded twice.
        list.as_array().unwrap().iter().map(|p| p.to_string().parse().unwrap()).collect()
    }

    /// Checks that the answer is a problem document of this status whose detail contains these parts.
    #[track_caller]
    fn is_problem(&self, status: u16, parts: &[&str]) {
        assert_eq!(self.status, status, "{self:?}");
        assert!(self.head.contains("content-type: application/problem+json"), "{}", self.head);
        let json = self.json();
        assert_eq!(json["status"], status);
        let detail = json["detail"].as_str().unwrap();
        parts.iter().for_each(|part| assert!(detail.contains(part), "{part}: {detail}"));
    }
}

fn request(method: &str, path: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "{method} {path} HTTP/1.1\r\nhost: test\r\ncontent-length: {length}\r\n{headers}\r\n{body}"
    )
}

/// A body of `n` equal rows.
fn rows(n: usize) -> String {
    format!("{{\"rows\":[{}]}}", vec![ROW; n].join(","))
}
