//! The setting `format`: the name of a file format.

use std::fmt;

use serde::{Serialize, Serializer};

/// The name of the first column in the formats that fix their columns.
pub(crate) const LABEL: &str = "label";

/// A file format, by the name that it has in configurations and calls.
///
/// [`all`](Self::all) lists the formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Format(&'static str);

impl Format {
    /// The format of this name; only the module of a format calls this.
    pub(crate) const fn named(name: &'static str) -> Self {
        Self(name)
    }

    /// The name, such as `csv`.
    pub const fn name(self) -> &'static str {
        self.0
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Serialize for Format {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0)
    }
}
