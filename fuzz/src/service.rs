//! Checks of bodies of requests to the service, over a connection like that of any caller.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::{LazyLock, Mutex};
use std::thread;

use deepcross_serve::{ServeConfig, ServedModel, Server};
use serde_json::Value;

use crate::world::{World, locked};

/// Limits that are low enough for small bodies to reach.
fn limits() -> ServeConfig {
    ServeConfig {
        addr: SocketAddr::from(([127, 0, 0, 1], 0)),
        threads: 1,
        max_rows: 20,
        queue_rows: 40,
        max_value: 100,
        max_body: 1 << 20,
        absent_as_missing: true,
        ..ServeConfig::default()
    }
}

static CONNECTION: LazyLock<Mutex<BufReader<TcpStream>>> = LazyLock::new(|| {
    let load = || Ok(ServedModel { trained: World::get().trained.clone(), trim: true });
    let server = Server::bind(limits(), Box::new(load), Box::new(|_| {})).expect("a service");
    let addr = server.addr();
    thread::spawn(move || server.run().expect("a service that runs"));
    let stream = TcpStream::connect(addr).expect("a connection");
    stream.set_nodelay(true).expect("a socket");
    Mutex::new(BufReader::new(stream))
});

/// Scores a JSON body of rows or columns.
pub fn score_json(bytes: &[u8]) {
    check_score("application/json", bytes);
}

/// Scores a CSV body.
pub fn score_csv(bytes: &[u8]) {
    check_score("text/csv", bytes);
}

/// Ranks candidates: each has its place once, the most probable first unless the request asks for an order.
pub fn rank(bytes: &[u8]) {
    let Some(answer) = ask("/v1/rank", "application/json", bytes) else { return };
    let ranking = answer["ranking"].as_array().expect("a ranking");
    let mut places: Vec<_> = ranking.iter().map(|ranked| ranked["index"].as_u64()).collect();
    let in_order = places.is_sorted();
    let probabilities: Vec<f64> =
        ranking.iter().map(|ranked| probability(&ranked["probability"])).collect();
    assert!(in_order || probabilities.is_sorted_by(|a, b| a >= b), "{probabilities:?}");
    places.sort_unstable();
    assert!(places.is_sorted_by(|a, b| a < b), "{places:?}");
}

/// Checks that each row has a probability.
fn check_score(kind: &str, bytes: &[u8]) {
    let Some(answer) = ask("/v1/score", kind, bytes) else { return };
    let probabilities = answer["probabilities"].as_array().expect("probabilities");
    assert!(probabilities.len() <= limits().max_rows);
    assert!(probabilities.iter().all(|value| probability(value) >= 0.0));
}

fn probability(value: &Value) -> f64 {
    let value = value.as_f64().expect("a number");
    assert!((0.0..=1.0).contains(&value), "{value}");
    value
}

/// The answer to a request; an error must be a problem of the caller, never of the service.
fn ask(route: &str, kind: &str, body: &[u8]) -> Option<Value> {
    let mut connection = locked(&CONNECTION);
    let head = format!(
        "POST {route} HTTP/1.1\r\nHost: fuzz\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let request = [head.as_bytes(), body].concat();
    connection.get_mut().write_all(&request).expect("a service that reads");
    let (status, answer) = read_answer(&mut *connection);
    if status == 200 {
        return Some(answer);
    }
    assert!((400..500).contains(&status), "{status} {answer}");
    assert_eq!(answer["status"].as_u64(), Some(status.into()), "{answer}");
    None
}

fn read_answer(connection: &mut impl BufRead) -> (u16, Value) {
    let mut line = String::new();
    connection.read_line(&mut line).expect("an answer");
    let status = line.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
    let mut length = 0;
    loop {
        line.clear();
        connection.read_line(&mut line).expect("a head");
        let Some((name, value)) = line.split_once(':') else { break };
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().expect("a length");
        }
    }
    let mut body = vec![0; length];
    connection.read_exact(&mut body).expect("a body");
    (status, serde_json::from_slice(&body).expect("JSON"))
}
