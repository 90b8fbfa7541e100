//! `deepcross serve`

use crate::arguments::{ModelFile, Threads};
use crate::call_error::CallError;
use crate::output::{read_text, say};
use crate::steps::{load, map};
use anyhow::Result;
use clap::Args;
use deepcross_serve::{ServeConfig, ServeError, ServedModel, Server, Token};
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
pub(crate) struct ServeArgs {
    #[command(flatten)]
    pub(crate) model: ModelFile,
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

/// The variable of the environment that may hold the token.
const TOKEN: &str = "DEEPCROSS_TOKEN";

pub(crate) fn run(args: &ServeArgs) -> Result<()> {
    let config = config(args)?;
    let problems = config.problems();
    if !problems.is_empty() {
        return Err(CallError::with_message(problems.join("; ")));
    }
    let (model, read) = (args.model.path.clone(), if args.map_tables { map } else { load });
    let load = move || {
        let (trained, config) = read(&model).map_err(|error| format!("{error:#}"))?;
        Ok(ServedModel { trained, trim: config.data.trim })
    };
    let server = Server::bind(config, Box::new(load), Box::new(say_event))?;
    server.run().map_err(ServeError::into)
}

fn say_event(event: deepcross_serve::Event) {
    say(event);
}

fn config(args: &ServeArgs) -> Result<ServeConfig> {
    Ok(ServeConfig {
        addr: args.addr,
        threads: args.threads.get(),
        batch_rows: args.batch_rows,
        batch_delay: args.batch_delay,
        queue_rows: args.queue_rows,
        max_rows: args.max_rows,
        max_body: args.max_body,
        body_memory: args.body_memory,
        max_value: args.max_value,
        max_connections: args.connections,
        read_timeout: args.read_timeout,
        score_timeout: args.score_timeout,
        write_timeout: args.write_timeout,
        drain_delay: args.drain_delay,
        drain_timeout: args.drain_timeout,
        absent_as_missing: args.absent_as_missing,
        token: token(args)?,
    })
}

/// The token of the file, or else of the environment.
fn token(args: &ServeArgs) -> Result<Option<Token>> {
    let (place, text) = match &args.token_file {
        Some(path) => (path.display().to_string(), read_text(path)?),
        None => match std::env::var(TOKEN) {
            Ok(text) => (TOKEN.to_owned(), text),
            Err(std::env::VarError::NotPresent) => return Ok(None),
            Err(std::env::VarError::NotUnicode(_)) => (TOKEN.to_owned(), String::new()),
        },
    };
    let message =
        || format!("{place}: must hold a token of visible ASCII characters, without blanks");
    Token::new(&text).map(Some).ok_or_else(|| CallError::with_message(message()))
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
