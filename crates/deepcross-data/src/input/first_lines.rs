//! Reads the first lines of a file, from which its format can be guessed.

use super::input_file::InputFile;
use super::line_window::{BYTE_ORDER_MARK, LineWindow};
use super::open::{open, unreadable};
use crate::error::DataError;
use crate::limits::LONGEST_ROW;

/// Returns the first lines of a file without their line ends: at most `n_lines`, which all begin in the first
/// `n_bytes`.
///
/// Compressed files are decompressed, a byte order mark is dropped, and blank lines are left out.
/// A line that is longer than the longest row ends the list; readers of rows report it.
///
/// # Errors
/// If the file cannot be opened, read or decompressed.
pub fn first_lines(
    file: &InputFile,
    n_lines: usize,
    n_bytes: usize,
) -> Result<Vec<Vec<u8>>, DataError> {
    let (path, mut window) = (file.path(), LineWindow::new(open(file)?));
    let (mut lines, mut n_read) = (Vec::new(), 0);
    window.skip(BYTE_ORDER_MARK).map_err(|error| unreadable(path, 1, error))?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_have_no_ends_and_blank_ones_are_left_out() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.data");
        std::fs::write(&path, "\u{feff}a,b\r\n \n1,2\n\n3,4").unwrap();
        let cases: [(usize, usize, &[&str]); 4] = [
            (9, 99, &["a,b", "1,2", "3,4"]),
            (2, 99, &["a,b", "1,2"]),
            (9, 1, &["a,b"]),
            (0, 99, &[]),
        ];
        for (n_lines, n_bytes, expected) in cases {
            let lines = first_lines(&path.as_path().into(), n_lines, n_bytes).unwrap();
            let expected: Vec<_> = expected.iter().map(|line| line.as_bytes()).collect();
            assert_eq!(lines, expected, "{n_lines} lines, {n_bytes} bytes");
        }
        let missing = first_lines(&folder.path().join("none.csv").into(), 1, 1);
        assert!(matches!(missing, Err(DataError::MissingFile { .. })));
    }
}
