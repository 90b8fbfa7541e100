//! The place of a row in a file, as messages show it.

use std::fmt;
use std::path::Path;

use crate::message::{line_start, named, shown};

/// The file and the line in which a row begins, and the start of this line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file, as the caller named it.
    pub file: Box<Path>,
    /// The line, counted from 1; each line feed ends a line, within quotes too.
    pub line: u64,
    /// The start of the line: at most 40 characters, of which invisible ones are escaped; empty if it is not known.
    pub start: Box<str>,
    /// Whether `line` counts the rows of a file that has no lines.
    pub is_row: bool,
}

/// Marks the number of a line as the number of a row; no file has that many lines.
const ROW: u64 = 1 << 63;

/// The number of a row of a file without lines, in the form in which a raw row carries it in place of a line.
pub(crate) fn row_number(row: u64) -> u64 {
    row | ROW
}

impl Place {
    /// The place of a line of `file`; the line is at the start of `text`.
    pub(crate) fn new(file: &Path, line: u64, text: &[u8]) -> Self {
        let (start, is_row) = (shown(line_start(text)).into(), line & ROW != 0);
        Self { file: file.into(), line: line & !ROW, start, is_row }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = if self.is_row { "row" } else { "line" };
        write!(f, "{}, {unit} {}", named(&self.file), self.line)?;
        if self.start.is_empty() { Ok(()) } else { write!(f, " (`{}`)", self.start) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_show_how_the_line_begins() {
        let long = "1,".repeat(200);
        let wide = "日".repeat(99);
        let cases: &[(&str, &str)] = &[
            ("1\tab\r\n2\t", " (`1\\tab`)"),
            ("1,\"x", " (`1,\"x`)"),
            ("", ""),
            ("\n1", ""),
            (&long, &format!(" (`{}1…`)", "1,".repeat(19))),
            (&wide, &format!(" (`{}…`)", "日".repeat(39))),
        ];
        for (text, expected) in cases {
            let place = Place::new(Path::new("x.csv"), 7, text.as_bytes());
            assert_eq!(place.to_string(), format!("`x.csv`, line 7{expected}"));
        }
    }
}
