//! Fields as objects of Python: their checks, and their place in a configuration.

use deepcross_features::suggest;
use deepcross_train::RunConfig;
use pyo3::prelude::*;
use toml::{Table, Value};

use crate::errors::Failure;

/// Checks `[[field]]` tables in TOML.
#[pyfunction]
pub(crate) fn check_fields(tables: &str) -> PyResult<()> {
    RunConfig::parse(tables, &[], "the field").map_err(Failure::from)?;
    Ok(())
}

/// The name among `known` that was most likely meant.
#[pyfunction]
#[expect(clippy::needless_pass_by_value, reason = "a function of Python takes values")]
pub(crate) fn nearest(name: &str, known: Vec<String>) -> Option<String> {
    suggest::nearest(name, &known).map(str::to_owned)
}

/// The configuration with the fields of `tables` in place of its own.
pub(crate) fn with_fields(config: &str, tables: &str) -> Result<String, Failure> {
    let parsed = |text| toml::from_str::<Table>(text);
    let broken = |error: toml::de::Error| Failure::Config(error.message().to_owned());
    let (mut config, mut tables) =
        (parsed(config).map_err(broken)?, parsed(tables).map_err(broken)?);
    let fields = tables.remove("field").unwrap_or(Value::Array(Vec::new()));
    config.insert("field".to_owned(), fields);
    toml::to_string(&config).map_err(|error| Failure::Config(error.to_string()))
}
