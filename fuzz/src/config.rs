//! Checks of the configuration of a run.

use deepcross_train::{RunConfig, TrainError};

/// Checks a text of TOML with overrides: after a NUL come assignments, one on each line.
///
/// An accepted configuration can be written and read again, and has a schema; a refused one has at least one problem.
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
