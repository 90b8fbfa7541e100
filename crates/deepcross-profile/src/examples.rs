//! Whether texts for people show values of the data.

/// Whether texts for people show values of the data, which may be private.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Examples {
    /// They show values.
    Shown,
    /// They show no value.
    Hidden,
}
