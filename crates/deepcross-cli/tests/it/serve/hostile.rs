//! Callers who are slow, silent, rude or too many: they get errors, and all others get answers.

use super::{Answer, ROW, Service, request, rows};
use crate::Folder;
use std::io::{BufReader, Read, Write};
use std::net::Shutdown;
use std::time::{Duration, Instant};

#[track_caller]
fn is_well(service: &Service) {
    assert_eq!(service.post("/v1/score", &rows(1)).probabilities().len(), 1);
}

#[test]
fn slow_senders_are_cut_off() {
    let folder = Folder::with_model();
    let service = Service::start(&folder, "--read-timeout 300ms");
    let start = Instant::now();
    let mut head = service.connect();
    head.write_all(b"POST /v1/score HTTP/1.1\r\nhost").unwrap();
    let mut body = service.connect();
    body.write_all(b"POST /v1/score HTTP/1.1\r\nhost: t\r\ncontent-length: 50\r\n\r\n{").unwrap();
    Answer::read(&mut BufReader::new(body)).is_problem(408, &["read-timeout"]);
    // A head that never ends is cut off, with or without an answer.
    let mut rest = Vec::new();
    let _ = head.read_to_end(&mut rest);
    assert!(rest.is_empty() || rest.starts_with(b"HTTP/1.1 4"), "{rest:?}");
    // So is a connection that never says anything.
    let _ = service.connect().read_to_end(&mut Vec::new());
    assert!(start.elapsed() < Duration::from_secs(10));
    is_well(&service);
}

#[test]
fn a_caller_who_has_sent_all_still_gets_the_answer() {
    let folder = Folder::with_model();
    let service = Service::start(&folder, "--batch-delay 50ms");
    let mut stream = service.connect();
    stream.write_all(request("POST", "/v1/score", "", &rows(2)).as_bytes()).unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    let answer = Answer::read(&mut BufReader::new(stream));
    assert_eq!(answer.probabilities().len(), 2);
}

#[test]
fn callers_who_leave_or_send_nonsense_harm_nobody() {
    let folder = Folder::with_model();
    let service = Service::start(&folder, "");
    for bytes in [
        &b"\0\xff\x16\x03\x01"[..],
        b"GET\r\n\r\n",
        b"POST /v1/score HTTP/1.1\r\ncontent-length: -1\r\n\r\n",
        b"POST /v1/score HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
    ] {
        let mut stream = service.connect();
        stream.write_all(bytes).unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        let _ = stream.read_to_end(&mut Vec::new());
    }
    for _ in 0..50 {
        let mut stream = service.connect();
        stream.write_all(request("POST", "/v1/score", "", &rows(20)).as_bytes()).unwrap();
    }
    // The connection may be cut before all of the head is sent.
    let mut stream = service.connect();
    let _ = write!(stream, "GET /healthz HTTP/1.1\r\nx-long: {}\r\n\r\n", "x".repeat(1 << 20));
    let mut said = Vec::new();
    let _ = stream.read_to_end(&mut said);
    assert!(!said.starts_with(b"HTTP/1.1 200"), "a head of a megabyte was read");
    is_well(&service);
}

#[test]
fn a_body_without_a_length_is_bounded_too() {
    let folder = Folder::with_model();
    let service = Service::start(&folder, "--max-body 1000");
    let mut stream = service.connect();
    let head = "POST /v1/score HTTP/1.1\r\nhost: t\r\ntransfer-encoding: chunked\r\n\r\n";
    let chunk = format!("400\r\n{}\r\n", " ".repeat(1024));
    stream.write_all(format!("{head}{chunk}").as_bytes()).unwrap();
    Answer::read(&mut BufReader::new(stream)).is_problem(413, &["1000 bytes"]);
    is_well(&service);
}

#[test]
fn bodies_that_never_end_take_bounded_memory() {
    let folder = Folder::with_model();
    let flags = "--max-body 200000 --body-memory 300000 --read-timeout 2s";
    let service = Service::start(&folder, flags);
    let head = "POST /v1/score HTTP/1.1\r\nhost: t\r\ncontent-length: 200000\r\n\r\n";
    let slow = [0; 2].map(|_| {
        let mut stream = service.connect();
        write!(stream, "{head}{}", " ".repeat(150_000 - 1)).unwrap();
        stream
    });
    let start = Instant::now();
    let mut answer = service.post("/v1/score", &rows(1));
    while answer.status == 200 && start.elapsed() < Duration::from_millis(1500) {
        answer = service.post("/v1/score", &rows(1));
    }
    answer.is_problem(503, &["body-memory"]);
    for stream in slow {
        Answer::read(&mut BufReader::new(stream)).is_problem(408, &["read-timeout"]);
    }
    is_well(&service);
}

#[test]
fn idle_connections_do_not_block_others() {
    let folder = Folder::with_model();
    let service = Service::start(&folder, "");
    let n = std::env::var("DEEPCROSS_IDLE_CONNECTIONS").ok();
    let n = n.map_or(200, |n| n.parse().expect("a number of connections"));
    let idle: Vec<_> = (0..n).map(|_| service.connect()).collect();
    is_well(&service);
    let metrics = service.get("/metrics").body;
    let line = metrics.lines().find_map(|line| line.strip_prefix("deepcross_connections "));
    assert!(line.unwrap().parse::<usize>().unwrap() >= n, "{line:?}");
    drop(idle);
}

#[test]
fn connections_beyond_the_bound_wait_for_a_place() {
    let folder = Folder::with_model();
    let service = Service::start(&folder, "--connections 3 --read-timeout 500ms");
    let idle: Vec<_> = (0..3).map(|_| service.connect()).collect();
    is_well(&service);
    drop(idle);
}

#[test]
fn a_full_queue_is_reported_at_once() {
    let folder = Folder::with_model();
    // The only scorer waits for a batch to fill, so the rows stay in the queue.
    let flags = "--threads 1 --queue-rows 10 --max-rows 10 --batch-rows 100 --batch-delay 1s";
    let service = Service::start(&folder, flags);
    let mut first = service.connect();
    first.write_all(request("POST", "/v1/score", "", &rows(8)).as_bytes()).unwrap();
    let metrics = || service.get("/metrics").body;
    let start = Instant::now();
    while !metrics().contains("deepcross_queue_rows 8") {
        assert!(start.elapsed() < Duration::from_millis(900), "the rows never waited");
    }
    let answer = service.post("/v1/score", &rows(3));
    answer.is_problem(503, &["queue-rows"]);
    assert!(answer.head.contains("retry-after: 1\r\n"), "{}", answer.head);
    assert_eq!(Answer::read(&mut BufReader::new(first)).probabilities().len(), 8);
    is_well(&service);
}

#[test]
fn rows_that_wait_too_long_are_given_up() {
    let folder = Folder::with_model();
    let service = Service::start(&folder, "--score-timeout 100ms --batch-delay 700ms");
    let answer = service.post("/v1/score", &rows(1));
    answer.is_problem(503, &["score-timeout"]);
    assert!(answer.head.contains("retry-after: "), "{}", answer.head);
}

#[test]
fn several_requests_share_a_connection() {
    let folder = Folder::with_model();
    let service = Service::start(&folder, "");
    let mut stream = service.connect();
    let good = request("POST", "/v1/score", "", &rows(1));
    let bad = request("POST", "/v1/score", "", &format!("{{\"rows\":{ROW}}}"));
    write!(stream, "{good}{bad}{good}").unwrap();
    let mut reader = BufReader::new(stream);
    let statuses = [0; 3].map(|_| Answer::read(&mut reader).status);
    assert_eq!(statuses, [200, 400, 200]);
}

#[test]
fn a_caller_who_reads_no_answer_is_cut_off() {
    let folder = Folder::with_model();
    let service = Service::start(&folder, "--write-timeout 300ms --read-timeout 60s");
    let mut greedy = service.connect();
    // This is more than the buffers of both ends hold.
    let requests = "GET /openapi.json HTTP/1.1\r\nhost: t\r\n\r\n".repeat(2000);
    let _ = greedy.write_all(requests.as_bytes());
    let is_alone = || service.get("/metrics").body.contains("\ndeepcross_connections 1\n");
    let start = Instant::now();
    while !is_alone() {
        assert!(start.elapsed() < Duration::from_secs(10), "the connection stays open");
        std::thread::sleep(Duration::from_millis(20));
    }
    drop(greedy);
}
