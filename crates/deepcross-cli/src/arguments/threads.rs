//! `--threads`: the number of threads of a command.

use clap::Args;

#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Threads {
    /// The number of threads; the result does not depend on it [default: all processors]
    #[arg(long, value_name = "N", value_parser = parse_threads)]
    threads: Option<usize>,
}

impl Threads {
    pub(crate) fn get(self) -> usize {
        self.threads.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from))
    }
}

fn parse_threads(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(n @ 1..=1024) => Ok(n),
        _ => Err("must be a number from 1 to 1024".to_owned()),
    }
}
