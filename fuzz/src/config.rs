//! The configuration of a run.

use deepcross_train::{RunConfig, TrainError};

/// A text of TOML, and behind a NUL what is set over it, an assignment a line.
///
/// What is accepted can be written down and read again, and makes a schema; what is not has a problem at least.
pub fn config(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let (text, overrides) = text.split_once('\0').unwrap_or((text, ""));
    let overrides: Vec<String> = overrides.lines().map(str::to_owned).collect();
    match RunConfig::parse(text, &overrides, "run.toml") {
        Err(TrainError::Config { problems, .. }) => {
            assert!(!problems.is_empty());
            assert!(problems.iter().all(|problem| !problem.is_empty()));
        }
        Err(error) => panic!("{error}"),
        Ok(config) => check(&config),
    }
}

fn check(config: &RunConfig) {
    config.schema().expect("a configuration that is accepted has a schema");
    let Ok(text) = config.to_toml() else { return };
    let again = RunConfig::parse(&text, &[], "again.toml");
    assert_eq!(again.as_ref().map_err(ToString::to_string), Ok(config), "{text}");
}
