//! The first lines of a file, to look at before its format is known.

use std::path::Path;

use super::line_window::{MARK, Window};
use super::open::{open, unreadable};
use crate::error::DataError;
use crate::limits::LONGEST_ROW;

/// The first lines of a file without their ends, at most `n_lines` of them, or as many as begin in its first `n_bytes`.
///
/// Compressed files are decompressed, a byte order mark is dropped, and blank lines are left out.
/// A line that is longer than any row may be ends the list; readers of rows report it.
///
/// # Errors
/// If the file cannot be opened, read or decompressed.
pub fn first_lines(path: &Path, n_lines: usize, n_bytes: usize) -> Result<Vec<Vec<u8>>, DataError> {
    let mut window = Window::new(open(path)?);
    let (mut lines, mut n_read) = (Vec::new(), 0);
    window.skip(MARK).map_err(|error| unreadable(path, 1, error))?;
    while lines.len() < n_lines && n_read < n_bytes {
        let end = window.line_end(0, LONGEST_ROW).map_err(|error| unreadable(path, 1, error))?;
        let Some(end) = end.filter(|end| *end > 0) else { break };
        let line = without_end(&window.bytes()[..end]).to_vec();
        window.advance(end);
        n_read += end;
        if !line.trim_ascii().is_empty() {
            lines.push(line);
        }
    }
    Ok(lines)
}

/// The line without its line feed and the carriage return before it.
fn without_end(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}
