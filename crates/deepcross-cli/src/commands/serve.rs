//! `deepcross serve`: answers requests for probabilities over HTTP.

use crate::arguments::{ModelFile, Threads};
use crate::call_error::CallError;
use crate::output::{read_text, say};
use anyhow::Result;
use clap::Args;
use deepcross_serve::{ServeConfig, ServeError, ServedModel, Server, Token};
use deepcross_train::TrainedRun;
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::PathBuf;
use std::time::Duration;

const SERVE_HELP: &str = "\
Examples:
  deepcross serve --model model.dcx
  curl -s localhost:8080/v1/model
  curl -s localhost:8080/v1/score --data-binary @new.csv \\
      -H 'content-type: text/csv'

SIGHUP reloads the model file. SIGTERM and SIGINT (Ctrl-C) end the service with the exit code 0, \
once the requests in flight are answered. Times are numbers with a unit: 500us, 2ms, 10s.
The environment variable DEEPCROSS_TOKEN can also hold the token. With a token, all routes under \
/v1 require it; without one, POST /v1/reload is refused.
/openapi.json describes the routes, /metrics is for Prometheus.";

#[derive(Debug, Args)]
#[command(after_help = SERVE_HELP)]
pub(crate) struct ServeArgs {
    #[command(flatten)]
    pub(crate) model: ModelFile,
    /// Map the artifact into memory instead of loading its tables; the file must not be changed in place
    #[arg(long)]
    pub(crate) map_tables: bool,
    /// The address to listen on, as in 0.0.0.0:8080, [::1]:8080 or localhost:8080; port 0 takes a free port
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080", value_parser = parse_address)]
    pub(crate) addr: SocketAddr,
    #[command(flatten)]
    pub(crate) threads: Threads,
    /// The most rows to score at once
    #[arg(long, value_name = "N", default_value_t = 256)]
    pub(crate) batch_rows: usize,
    /// The time that the first rows of a batch wait for more
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = parse_time)]
    pub(crate) batch_delay: Duration,
    /// The most rows that wait to be scored; further requests are answered with 503
    #[arg(long, value_name = "N", default_value_t = 16_384)]
    pub(crate) queue_rows: usize,
    /// The most rows or candidates of a request
    #[arg(long, value_name = "N", default_value_t = 4096)]
    pub(crate) max_rows: usize,
    /// The most bytes of a request's body
    #[arg(long, value_name = "BYTES", default_value_t = 8 << 20)]
    pub(crate) max_body: usize,
    /// The most bytes of all bodies in memory; further requests are answered with 503
    #[arg(long, value_name = "BYTES", default_value_t = 256 << 20)]
    pub(crate) body_memory: usize,
    /// The most bytes of a value
    #[arg(long, value_name = "BYTES", default_value_t = 64 << 10)]
    pub(crate) max_value: usize,
    /// The most connections at a time; others wait
    #[arg(long, value_name = "N", default_value_t = 4096)]
    pub(crate) connections: usize,
    /// The time that the head of a request, and then its body, may take, and that a connection may be
    /// idle
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = parse_time)]
    pub(crate) read_timeout: Duration,
    /// The time in which rows must be scored, including the time they wait
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = parse_time)]
    pub(crate) score_timeout: Duration,
    /// The longest time in which a caller may read no byte of a response
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = parse_time)]
    pub(crate) write_timeout: Duration,
    /// At the end: the time that requests are still accepted while /readyz answers 503
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = parse_time)]
    pub(crate) drain_delay: Duration,
    /// At the end, after --drain-delay: the time to wait for requests in flight
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = parse_time)]
    pub(crate) drain_timeout: Duration,
    /// The file that holds the token, instead of DEEPCROSS_TOKEN
    #[arg(long, value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,
    /// Treat a field that a row does not name as a missing value, instead of an error
    #[arg(long)]
    pub(crate) absent_as_missing: bool,
}

/// The environment variable that may hold the token.
const TOKEN: &str = "DEEPCROSS_TOKEN";

pub(crate) fn run(args: &ServeArgs) -> Result<()> {
    let config = config(args)?;
    let problems = config.problems();
    if !problems.is_empty() {
        return Err(CallError::with_message(problems.join("; ")));
    }
    let (model, read) =
        (args.model.path.clone(), if args.map_tables { TrainedRun::map } else { TrainedRun::load });
    let load = move || {
        let TrainedRun { trained, config } =
            read(&model).map_err(|error| format!("{:#}", anyhow::Error::new(error)))?;
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

/// The token from the file, or else from the environment.
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

/// The address that a name and a port, or an IP address and a port, stand for; that of IPv4 if there are several.
fn parse_address(text: &str) -> Result<SocketAddr, String> {
    let found: Vec<_> = text
        .to_socket_addrs()
        .map_err(|error| {
            format!(
                "must be an address with a port, as in 127.0.0.1:8080 or localhost:8080 ({error})"
            )
        })?
        .collect();
    let address = found.iter().find(|address| address.is_ipv4()).or(found.first());
    address.copied().ok_or_else(|| "this name has no address".to_owned())
}

/// The longest time that a flag accepts; a longer time is a mistake, and would overflow clocks.
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
    fn addresses_may_be_names() {
        for (text, expected) in [
            ("127.0.0.1:80", Some("127.0.0.1:80")),
            ("[::1]:0", Some("[::1]:0")),
            ("localhost:8080", Some("127.0.0.1:8080")),
            ("localhost", None),
            ("127.0.0.1", None),
            ("127.0.0.1:65536", None),
            ("", None),
        ] {
            let expected = expected.map(|address| address.parse().unwrap());
            assert_eq!(parse_address(text).ok(), expected, "{text}");
        }
    }

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
