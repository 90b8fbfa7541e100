//! Puts an open-loop load on a scoring service: requests leave at fixed times, whether or not earlier ones were
//! answered.
//!
//! A closed loop, in which each connection waits for its answer before it asks again, slows down with the service and so
//! hides its worst times.
//! Here the latency of a request begins at the time at which it should leave, so that waiting for a free connection
//! counts.
//! Only loopback addresses are accepted, and connections are bounded.
//!
//! ```text
//! deepcross serve --model model.dcx &
//! cargo run --release --example load_generator -- --body request.json --rate 2000 --seconds 10
//! ```

#![allow(clippy::print_stdout, reason = "the result goes to standard output")]

use clap::Parser;
use std::collections::BTreeMap;
use std::error::Error;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

#[derive(Debug, Parser)]
struct Args {
    /// Address of the service; must be a loopback address
    #[arg(long, default_value = "127.0.0.1:8080")]
    addr: SocketAddr,
    /// Route of the requests
    #[arg(long, default_value = "/v1/score")]
    path: String,
    /// File with the JSON body of every request
    #[arg(long)]
    body: PathBuf,
    /// Requests per second
    #[arg(long, default_value_t = 1000.0)]
    rate: f64,
    /// Duration of the load, in seconds
    #[arg(long, default_value_t = 10.0)]
    seconds: f64,
    /// Number of connections, each with a thread
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=256))]
    connections: u16,
}

/// The results of the requests: the latency of each in seconds, and the number of answers of each status; status 0
/// means no answer.
#[derive(Debug, Default)]
struct Outcome {
    latencies: Vec<f64>,
    statuses: BTreeMap<u16, usize>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let args = Args::parse();
    if !args.addr.ip().is_loopback() {
        return Err(format!("{}: only loopback addresses are accepted", args.addr).into());
    }
    let n_requests = args.rate * args.seconds;
    if !(1.0..=1e8).contains(&n_requests) || args.rate <= 0.0 {
        return Err("rate times seconds must be from 1 to 100,000,000".into());
    }
    let body = std::fs::read(&args.body).map_err(|e| format!("{}: {e}", args.body.display()))?;
    let head = format!(
        "POST {} HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        args.path,
        args.addr,
        body.len()
    );
    let request = [head.as_bytes(), &body].concat();
    let start = Instant::now();
    let outcome = load(&args, &request, n_requests as usize, start);
    println!("{}", report(&args, outcome, start.elapsed()));
    Ok(())
}

/// Sends all requests; each connection takes the next request that is due.
fn load(args: &Args, request: &[u8], n_requests: usize, start: Instant) -> Outcome {
    let next = AtomicUsize::new(0);
    let work = || {
        let (mut outcome, mut connection) = (Outcome::default(), None);
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            if index >= n_requests {
                return outcome;
            }
            let due = start + Duration::from_secs_f64(index as f64 / args.rate);
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
            let status = ask(&mut connection, args.addr, request).unwrap_or_else(|_| {
                connection = None;
                0
            });
            outcome.latencies.push(due.elapsed().as_secs_f64());
            *outcome.statuses.entry(status).or_default() += 1;
        }
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..args.connections).map(|_| scope.spawn(work)).collect();
        threads.into_iter().fold(Outcome::default(), |mut all, thread| {
            let one = thread.join().expect("no thread panics");
            all.latencies.extend(one.latencies);
            one.statuses.iter().for_each(|(s, n)| *all.statuses.entry(*s).or_default() += n);
            all
        })
    })
}

/// Sends a request over the open connection, or a new one, and returns the status of the answer.
fn ask(
    connection: &mut Option<BufReader<TcpStream>>,
    addr: SocketAddr,
    request: &[u8],
) -> std::io::Result<u16> {
    let reader = match connection {
        Some(reader) => reader,
        None => {
            let stream = TcpStream::connect_timeout(&addr, Duration::from_secs(5))?;
            stream.set_nodelay(true)?;
            stream.set_read_timeout(Some(Duration::from_secs(10)))?;
            connection.insert(BufReader::new(stream))
        }
    };
    reader.get_mut().write_all(request)?;
    let (mut line, mut status, mut length) = (String::new(), 0, 0);
    loop {
        line.clear();
        if reader.read_line(&mut line)? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        if let Some(rest) = line.strip_prefix("HTTP/1.1 ") {
            status = rest.get(..3).and_then(|code| code.parse().ok()).unwrap_or(0);
        } else if let Some(rest) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = rest.trim().parse().unwrap_or(0);
        } else if line.trim().is_empty() {
            std::io::copy(&mut reader.take(length), &mut std::io::sink())?;
            return Ok(status);
        }
    }
}

fn report(args: &Args, mut outcome: Outcome, elapsed: Duration) -> serde_json::Value {
    outcome.latencies.sort_by(f64::total_cmp);
    let latencies = &outcome.latencies;
    let at = |share: f64| latencies[((latencies.len() - 1) as f64 * share).round() as usize] * 1e3;
    serde_json::json!({
        "rate_asked": args.rate,
        "rate_held": latencies.len() as f64 / elapsed.as_secs_f64(),
        "requests": latencies.len(),
        "milliseconds": { "p50": at(0.5), "p99": at(0.99), "max": at(1.0) },
        "statuses": outcome.statuses,
    })
}
