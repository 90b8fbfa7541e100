//! Missing markers: texts such as `?` that programs write for a missing value.
//!
//! Some of them have no other meaning.
//! Others may be ordinary values, and count as missing only if all other values of the column are numbers, times or lists.

/// The longest marker.
const LONGEST: usize = 13;

/// The first bytes of markers in lower case.
const FIRST: &[u8] = b"?\\-+#<(niumbetv.";

/// In lower case, the markers that mean a missing value in every column.
const SURE: [&str; 20] = [
    "?", "\\n", "nan", "-nan", "+nan", "null", "(null)", "<null>", "n/a", "<n/a>", "#n/a", "<na>",
    "nat", "#div/0!", "#ref!", "#value!", "#num!", "#name?", "#null!", "#n/a n/a",
];

/// In lower case, the markers that mean a missing value among numbers.
const AMONG_NUMBERS: [&str; 24] = [
    "na",
    "none",
    "nil",
    "-",
    "--",
    "---",
    ".",
    "..",
    "inf",
    "+inf",
    "-inf",
    "infinity",
    "+infinity",
    "-infinity",
    "unknown",
    "undefined",
    "undef",
    "missing",
    "not available",
    "n.a.",
    "blank",
    "empty",
    "void",
    "tbd",
];

/// A marker as a column has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Marker {
    pub(crate) text: Box<str>,
    /// Whether it has no other meaning.
    pub(crate) is_sure: bool,
}

impl Marker {
    /// The marker that a text is in any case.
    pub(crate) fn of(text: &str) -> Option<Self> {
        let is_first = |first: &u8| FIRST.contains(&first.to_ascii_lowercase());
        if text.len() > LONGEST || !text.as_bytes().first().is_some_and(is_first) {
            return None;
        }
        let is_among =
            |markers: &[&str]| markers.iter().any(|marker| marker.eq_ignore_ascii_case(text));
        let is_sure = is_among(&SURE);
        (is_sure || is_among(&AMONG_NUMBERS)).then(|| Self { text: text.into(), is_sure })
    }
}
