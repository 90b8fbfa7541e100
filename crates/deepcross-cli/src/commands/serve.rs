//! `deepcross serve`

use super::{load, map};
use crate::call_error::CallError;
use crate::output::{read_text, say};
use crate::serve_args::Serve;
use anyhow::Result;
use deepcross_serve::{ServeConfig, ServeError, ServedModel, Server, Token};

/// The variable of the environment that may hold the token.
const TOKEN: &str = "DEEPCROSS_TOKEN";

pub(crate) fn run(args: &Serve) -> Result<()> {
    let config = config(args)?;
    let problems = config.problems();
    if !problems.is_empty() {
        return Err(CallError::with_message(problems.join("; ")));
    }
    let (model, read) = (args.model.clone(), if args.map_tables { map } else { load });
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

fn config(args: &Serve) -> Result<ServeConfig> {
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
fn token(args: &Serve) -> Result<Option<Token>> {
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
