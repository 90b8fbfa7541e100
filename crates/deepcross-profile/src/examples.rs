//! Whether texts for people show values of the data.

/// Whether texts for people show values of the data, which may be private.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Examples {
    /// They show values.
    Shown,
    /// They show no value.
    Hidden,
}

/// The text with escapes for characters that could steer a terminal or end a comment.
pub(crate) fn printable(text: &str) -> String {
    let escaped = |c: char| match c.is_control() {
        true => c.escape_debug().to_string(),
        false => c.to_string(),
    };
    text.chars().map(escaped).collect()
}
