//! The space of a search: the keys of a configuration that trials change, each with its values.

mod domain;
mod inferred;
mod section;

pub use domain::{Domain, Scale};
pub use inferred::Fits;
use std::fmt;

/// The keys that trials change.
#[derive(Clone, Debug, PartialEq)]
pub struct Space {
    /// The keys with their values, each key once.
    pub dimensions: Vec<Dimension>,
    /// Whether the configuration has no ranges, so that the program has chosen all of them.
    pub is_inferred: bool,
    /// The share of the training rows that is cut off for the last comparison, if there are no test files.
    pub final_fraction: f64,
    /// The fewest epochs of the first rung, from 1; `None` for a tenth of all epochs.
    pub first_epochs: Option<u32>,
}

/// A key that trials change.
#[derive(Clone, Debug, PartialEq)]
pub struct Dimension {
    /// The key as `--set` names it, such as `train.batch` or `field.*.min_count`.
    pub key: String,
    /// The values that it takes.
    pub domain: Domain,
}

/// The section of a configuration that describes a space.
pub const SECTION: &str = "tune";

/// The sections whose keys trials change; [`SECTION`] has a table for each.
pub const SECTIONS: [&str; 3] = ["train", "model", "field"];

/// A part of a key as `--set` takes it: in quotes, unless it has letters, digits, `_`, `-` and the character `other` alone.
fn key_part(text: &str, other: Option<char>) -> String {
    let is_bare = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-') || Some(c) == other;
    match !text.is_empty() && text.chars().all(is_bare) {
        true => text.to_owned(),
        false => toml::Value::String(text.to_owned()).to_string(),
    }
}

/// Whether a key is a whole field, which may have the values `true` (as it is) and `false` (left out).
pub(crate) fn is_field(key: &str) -> bool {
    let (mut quote, mut n_dots) = (None, 0);
    for c in key.chars() {
        match (quote, c) {
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), c) if open == c => quote = None,
            (None, '.') => n_dots += 1,
            _ => {}
        }
    }
    key.starts_with("field.") && n_dots == 1
}

impl Space {
    /// The number of different trials, if all values can be counted.
    pub fn n_combinations(&self) -> Option<u64> {
        self.dimensions.iter().try_fold(1_u64, |product, dimension| {
            Some(product.saturating_mul(dimension.domain.n_values()?))
        })
    }
}

impl fmt::Display for Dimension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} = {}", self.key, self.domain)
    }
}

/// Shows a line for each key.
impl fmt::Display for Space {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.dimensions.iter().try_for_each(|dimension| writeln!(f, "{dimension}"))
    }
}
