//! The flags of `deepcross serve`.

use crate::args::Threads;
use clap::Args;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

const SERVE_HELP: &str = "\
Examples:
  deepcross serve --model model.dcx
  curl -s localhost:8080/v1/model
  curl -s localhost:8080/v1/score -H 'content-type: text/csv' --data-binary @new.csv

SIGHUP loads the model file anew, SIGTERM and SIGINT (Ctrl-C) end the service when the requests in
flight are answered, with the exit code 0. Times are numbers with a unit: 500us, 2ms, 10s.
The token may also stand in the environment, as DEEPCROSS_TOKEN; with one, all routes under /v1 ask
for it, and without one, POST /v1/reload is refused.
/openapi.json describes the routes, /metrics is for Prometheus.";

#[derive(Debug, Args)]
#[command(after_help = SERVE_HELP)]
pub(crate) struct Serve {
    /// The artifact
    #[arg(long, value_name = "FILE")]
    pub(crate) model: PathBuf,
    /// Leave the tables in the artifact and map it into memory; the file must not be changed in place
    #[arg(long)]
    pub(crate) map_tables: bool,
    /// Where to listen; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    pub(crate) addr: SocketAddr,
    #[command(flatten)]
    pub(crate) threads: Threads,
    /// The most rows that are scored in one go
    #[arg(long, value_name = "N", default_value_t = 256)]
    pub(crate) batch_rows: usize,
    /// How long the first rows of a batch wait for others
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = parse_time)]
    pub(crate) batch_delay: Duration,
    /// The most rows that wait to be scored; requests beyond are answered by 503
    #[arg(long, value_name = "N", default_value_t = 16_384)]
    pub(crate) queue_rows: usize,
    /// The most rows or candidates of a request
    #[arg(long, value_name = "N", default_value_t = 4096)]
    pub(crate) max_rows: usize,
    /// The most bytes of a request's body
    #[arg(long, value_name = "BYTES", default_value_t = 8 << 20)]
    pub(crate) max_body: usize,
    /// The most bytes of all bodies in memory; requests beyond are answered by 503
    #[arg(long, value_name = "BYTES", default_value_t = 256 << 20)]
    pub(crate) body_memory: usize,
    /// The most bytes of a value
    #[arg(long, value_name = "BYTES", default_value_t = 64 << 10)]
    pub(crate) max_value: usize,
    /// The most connections at a time; others wait
    #[arg(long, value_name = "N", default_value_t = 4096)]
    pub(crate) connections: usize,
    /// How long the head, and then the body, of a request may take, and a connection be idle
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = parse_time)]
    pub(crate) read_timeout: Duration,
    /// How long rows may wait and be scored
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = parse_time)]
    pub(crate) score_timeout: Duration,
    /// How long a caller may take nothing of the response
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = parse_time)]
    pub(crate) write_timeout: Duration,
    /// When told to end: how long requests are accepted still, while /readyz says 503
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = parse_time)]
    pub(crate) drain_delay: Duration,
    /// And how long requests in flight are then waited for
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = parse_time)]
    pub(crate) drain_timeout: Duration,
    /// The file that holds the token, instead of DEEPCROSS_TOKEN
    #[arg(long, value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,
    /// Take a field that a row does not name for a missing value, instead of an error
    #[arg(long)]
    pub(crate) absent_as_missing: bool,
}

/// The longest time; what is longer is a slip, and clocks overflow.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

fn parse_time(text: &str) -> Result<Duration, String> {
    let end = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let time = number.parse().ok().and_then(|number| match unit {
        "us" => Some(Duration::from_micros(number)),
        "ms" => Some(Duration::from_millis(number)),
        "s" => Some(Duration::from_secs(number)),
        _ => None,
    });
    let time = time.filter(|time| *time <= LONGEST);
    time.ok_or_else(|| "must be a whole number with us, ms or s, up to 86400s".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_units() {
        for (text, expected) in [
            ("0s", Some(Duration::ZERO)),
            ("500us", Some(Duration::from_micros(500))),
            ("2ms", Some(Duration::from_millis(2))),
            ("10s", Some(Duration::from_secs(10))),
            ("10", None),
            ("ms", None),
            ("-1s", None),
            ("1.5s", None),
            ("86401s", None),
        ] {
            assert_eq!(parse_time(text).ok(), expected, "{text}");
        }
    }
}
