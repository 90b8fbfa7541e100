//! Reads one section of a configuration, and reports every key that is unknown or has an invalid value.
//!
//! A derived `Deserialize` stops at the first mistake.
//! So the key at fault is reported and removed, and the rest is read again, until there is no more mistake.

use super::known_keys::known_keys;
use deepcross_features::{Problem, suggest};
use serde::de::DeserializeOwned;
use toml::{Table, Value};

/// Takes a section out of the table and reads it; a key that is missing or cannot be read has its default.
pub(crate) fn section<T: DeserializeOwned + Default>(
    table: &mut Table,
    name: &str,
    problems: &mut Vec<Problem>,
) -> T {
    let Some(value) = table.remove(name) else { return T::default() };
    read(value, name, problems).unwrap_or_default()
}

/// Reads one section, and adds its problems under its `name`; `None` if a required key is missing or cannot be read.
pub(crate) fn read<T: DeserializeOwned>(
    mut value: Value,
    name: &str,
    problems: &mut Vec<Problem>,
) -> Option<T> {
    let mut taken_out = false;
    loop {
        let mut ignored = Vec::new();
        let result = attempt(value.clone(), &mut ignored);
        let Err((path, message)) = result else {
            problems.extend(ignored.iter().map(|path| unknown_at::<T>(path, name)));
            return result.ok();
        };
        let key = path.split(['.', '[']).next().unwrap_or_default().to_owned();
        let of_section = path.is_empty();
        if !(of_section && taken_out) {
            let full = if of_section { name.to_owned() } else { format!("{name}.{path}") };
            problems.push(Problem::new(full, plain(&message)));
        }
        taken_out = true;
        let removed = value.as_table_mut().and_then(|table| table.remove(&key));
        if removed.is_none() {
            problems.extend(ignored.iter().map(|path| unknown_at::<T>(path, name)));
            return None;
        }
    }
}

/// The value; or the path of the first mistake, empty for the section itself, and its message.
fn attempt<T: DeserializeOwned>(
    value: Value,
    ignored: &mut Vec<String>,
) -> Result<T, (String, String)> {
    let mut track = serde_path_to_error::Track::new();
    let result: Result<T, toml::de::Error> = serde_ignored::deserialize(
        serde_path_to_error::Deserializer::new(value, &mut track),
        |path| ignored.push(path.to_string()),
    );
    result.map_err(|error| {
        let path = track.path().to_string();
        (if path == "." { String::new() } else { path }, error.message().to_owned())
    })
}

/// The message of serde with the names of Rust types put into words.
fn plain(message: &str) -> String {
    let words = [
        ("expected usize", "expected a whole number from 0"),
        ("expected u32", "expected a whole number from 0"),
        ("expected u64", "expected a whole number from 0"),
        ("expected f64", "expected a number"),
        ("expected a boolean", "expected true or false"),
        ("expected a sequence", "expected a list, such as [128, 64]"),
    ];
    let known = words
        .iter()
        .find_map(|(rust, plain)| Some(format!("{}{plain}", message.strip_suffix(rust)?)));
    known.unwrap_or_else(|| message.to_owned())
}

/// The problem of a key that is unknown in the section, or in a value within it.
fn unknown_at<T: DeserializeOwned>(path: &str, section: &str) -> Problem {
    // serde_ignored writes `?` for an optional value.
    let parts: Vec<&str> = path.split('.').filter(|part| *part != "?").collect();
    match parts.as_slice() {
        ["label", key] => {
            unknown(key, &format!("{section}.label"), &["column", "positive", "negative"])
        }
        [key] => unknown(key, section, known_keys::<T>()),
        _ => Problem::new(format!("{section}.{}", parts.join(".")), "unknown key"),
    }
}

/// The problem of an unknown key, with the nearest of the known ones.
pub(crate) fn unknown(key: &str, section: &str, known: &[&str]) -> Problem {
    let full = if section.is_empty() { key.to_owned() } else { format!("{section}.{key}") };
    let hint = match suggest::nearest(key, known.iter().copied()) {
        Some(nearest) => format!("the nearest known one is `{nearest}`"),
        None => format!("the known keys are {}", known.join(", ")),
    };
    Problem::new(full, format!("unknown key; {hint}"))
}
