//! The configuration of a service.
//!
//! A [`ServeConfig`] may hold any values; [`Server::bind`](crate::Server::bind) checks it and reports all problems.

use crate::Token;
use std::net::SocketAddr;
use std::time::Duration;

/// The address, limits and times of a service.
///
/// [`ServeConfig::default`] suits a service that runs behind a proxy on the same machine.
#[derive(Clone, Debug)]
pub struct ServeConfig {
    /// The address to listen on; loopback by default. Port 0 takes a free port.
    pub addr: SocketAddr,
    /// The number of threads that score, each with its own scratch memory; at least 1.
    pub threads: usize,
    /// The largest number of rows that are scored in one go; at least 1.
    pub batch_rows: usize,
    /// The longest time that the first rows of a batch wait for others; 0 scores the rows that are there.
    pub batch_delay: Duration,
    /// The largest number of rows that wait to be scored; at least `max_rows`.
    pub queue_rows: usize,
    /// The largest number of rows or candidates of a request; at least 1.
    pub max_rows: usize,
    /// The largest number of bytes of a request's body; at least 1.
    pub max_body: usize,
    /// The largest number of bytes of all request bodies in memory at a time; at least `max_body`.
    pub body_memory: usize,
    /// The largest number of bytes of the text of one value; at least 1.
    pub max_value: usize,
    /// The largest number of connections at a time; further ones wait to be accepted. At least 1.
    pub max_connections: usize,
    /// The longest time for a head, and then for a body, to arrive, and for a connection to be idle.
    pub read_timeout: Duration,
    /// The longest time for rows to wait in the queue and to be scored.
    pub score_timeout: Duration,
    /// The longest time in which a caller may read no byte of the response.
    pub write_timeout: Duration,
    /// The time after a signal to end in which the service still accepts requests and reports that it is not ready, so
    /// that load balancers notice.
    pub drain_delay: Duration,
    /// The longest time that the service then waits for the requests in flight.
    pub drain_timeout: Duration,
    /// Whether a field that a row does not name counts as missing; by default, it is an error.
    pub absent_as_missing: bool,
    /// The token that callers of `/v1` must send.
    /// Without a token these routes are open, except for reload, which is then refused.
    pub token: Option<Token>,
}

impl Default for ServeConfig {
    fn default() -> Self {
        Self {
            addr: SocketAddr::from(([127, 0, 0, 1], 8080)),
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            batch_rows: 256,
            batch_delay: Duration::ZERO,
            queue_rows: 16_384,
            max_rows: 4096,
            max_body: 8 << 20,
            body_memory: 256 << 20,
            max_value: 64 << 10,
            max_connections: 4096,
            read_timeout: Duration::from_secs(10),
            score_timeout: Duration::from_secs(5),
            write_timeout: Duration::from_secs(10),
            drain_delay: Duration::ZERO,
            drain_timeout: Duration::from_secs(10),
            absent_as_missing: false,
            token: None,
        }
    }
}

impl ServeConfig {
    /// All problems of the configuration, a sentence each.
    pub fn problems(&self) -> Vec<String> {
        let counts = [
            ("threads", self.threads),
            ("batch-rows", self.batch_rows),
            ("max-rows", self.max_rows),
            ("max-body", self.max_body),
            ("max-value", self.max_value),
            ("connections", self.max_connections),
        ];
        let zero = counts.iter().filter(|(_, value)| *value == 0);
        let mut problems: Vec<_> =
            zero.map(|(name, _)| format!("`{name}` must be at least 1, but is 0")).collect();
        let times = [
            ("read-timeout", self.read_timeout),
            ("score-timeout", self.score_timeout),
            ("write-timeout", self.write_timeout),
        ];
        let zero = times.iter().filter(|(_, time)| time.is_zero());
        problems.extend(zero.map(|(name, _)| format!("`{name}` must be above 0, but is 0")));
        if self.queue_rows < self.max_rows {
            let Self { queue_rows, max_rows, .. } = self;
            problems.push(format!(
                "`queue-rows` must be at least `max-rows`, but {queue_rows} is less than {max_rows}"
            ));
        }
        if self.body_memory < self.max_body {
            let Self { body_memory, max_body, .. } = self;
            problems.push(format!(
                "`body-memory` must be at least `max-body`, but {body_memory} is less than {max_body}"
            ));
        }
        problems
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_problems_are_reported() {
        assert_eq!(ServeConfig::default().problems(), [""; 0]);
        let wrong = ServeConfig {
            batch_rows: 0,
            read_timeout: Duration::ZERO,
            queue_rows: 7,
            max_rows: 8,
            body_memory: 5,
            max_body: 6,
            ..ServeConfig::default()
        };
        assert_eq!(
            wrong.problems(),
            [
                "`batch-rows` must be at least 1, but is 0",
                "`read-timeout` must be above 0, but is 0",
                "`queue-rows` must be at least `max-rows`, but 7 is less than 8",
                "`body-memory` must be at least `max-body`, but 5 is less than 6",
            ]
        );
    }
}
