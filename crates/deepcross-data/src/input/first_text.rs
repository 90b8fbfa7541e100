//! Reads the first lines of a file, from which its format can be guessed.

use std::io::Read;

use memchr::memrchr;

use super::input_file::InputFile;
use super::line_window::BYTE_ORDER_MARK;
use super::open::{open, unreadable};
use crate::error::DataError;

/// Returns the first lines of a file, in at most `n_bytes`.
///
/// Compressed files are decompressed, and a byte order mark is dropped.
/// A line that goes beyond the limit is left out, unless it is the first.
///
/// # Errors
/// If the file cannot be opened, read or decompressed.
pub fn first_text(file: &InputFile, n_bytes: usize) -> Result<Vec<u8>, DataError> {
    let (path, mut text) = (file.path(), Vec::new());
    let mut head = open(file)?.take(n_bytes as u64);
    head.read_to_end(&mut text).map_err(|error| unreadable(path, 1, error))?;
    if text.len() == n_bytes
        && let Some(end) = memrchr(b'\n', &text)
    {
        text.truncate(end + 1);
    }
    if text.starts_with(BYTE_ORDER_MARK) {
        text.drain(..BYTE_ORDER_MARK.len());
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.data");
        std::fs::write(&path, "\u{feff}a,b\r\n1,2\n\n3,4").unwrap();
        let cases =
            [(99, "a,b\r\n1,2\n\n3,4"), (16, "a,b\r\n1,2\n\n"), (9, "a,b\r\n"), (5, "a,"), (3, "")];
        for (n_bytes, expected) in cases {
            let text = first_text(&path.as_path().into(), n_bytes).unwrap();
            assert_eq!(String::from_utf8(text).unwrap(), expected, "{n_bytes} bytes");
        }
        let missing = first_text(&folder.path().join("none.csv").into(), 1);
        assert!(matches!(missing, Err(DataError::MissingFile { .. })));
    }
}
