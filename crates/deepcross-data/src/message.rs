//! The parts that messages share: shown values, named files, and hints.

use std::path::Path;

use memchr::memchr;

/// The path that stands for the standard input.
pub(crate) const STANDARD_INPUT: &str = "-";

/// The most characters of a value or a line that a message shows.
const LONGEST_SHOWN: usize = 40;

/// The number of bytes that decide what is shown and whether it is cut; a character has at most four bytes.
const HEAD: usize = 4 * (LONGEST_SHOWN + 1);

/// The first line of `text`, without its line end, as far as messages show it.
pub(crate) fn line_start(text: &[u8]) -> &[u8] {
    let head = &text[..text.len().min(HEAD)];
    let line = &head[..memchr(b'\n', head).unwrap_or(head.len())];
    // A carriage return at the very end of the head may be in the middle of the line, but is not shown anyway.
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// The name of a file in messages.
pub(crate) fn named(file: &Path) -> String {
    match file == Path::new(STANDARD_INPUT) {
        true => "standard input".to_owned(),
        false => format!("`{}`", file.display()),
    }
}

/// Bytes as a message shows them: at most 40 characters, of which invisible ones are escaped.
pub(crate) fn shown(value: &[u8]) -> String {
    let head = &value[..value.len().min(HEAD)];
    let text = String::from_utf8_lossy(head);
    let chars = text.chars();
    if text.chars().nth(LONGEST_SHOWN).is_none() {
        return chars.flat_map(visible).collect();
    }
    chars.take(LONGEST_SHOWN - 1).flat_map(visible).chain(['…']).collect()
}

/// The character itself, or its escape if it is invisible or would break the line of a message.
fn visible(c: char) -> impl Iterator<Item = char> {
    let is_blank = c.is_control() || (c.is_whitespace() && c != ' ');
    let escape = (is_blank || is_without_width(c)).then(|| c.escape_default());
    let plain = escape.is_none().then_some(c);
    escape.into_iter().flatten().chain(plain)
}

/// Whether the character has no width: soft hyphens, joiners, marks of direction and of byte order.
///
/// A value with such a character looks like another value.
fn is_without_width(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}')
        || matches!(c, '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// The part of a message that names the nearest known name.
pub(crate) fn hint(nearest: &Option<String>) -> String {
    let hint = |name: &String| format!(", the nearest is `{}`", shown(name.as_bytes()));
    nearest.as_ref().map(hint).unwrap_or_default()
}

/// The part of a message that says which character seems to be the delimiter of the file.
pub(crate) fn delimiter_hint(delimiter: Option<char>) -> String {
    let hint = |c| {
        format!(
            "; the header is one column with {c:?} in it: if fields are separated by it, set \
             `data.delimiter`, or `--delimiter`, to it"
        )
    };
    delimiter.map(hint).unwrap_or_default()
}

/// Whether the names in a header look like the values of a row: at least a quarter of them are numbers.
///
/// If fewer are numbers, they may be names, such as years.
pub fn header_looks_like_values(header: &[String]) -> bool {
    let numbers = header.iter().filter(|name| name.parse::<f64>().is_ok()).count();
    4 * numbers >= header.len().max(1)
}

/// The first values of a row that seems to stand in place of a header, in backticks.
pub(crate) fn values_in_place_of_names(header: &[String]) -> Option<Box<str>> {
    let quoted = |name: &String| format!("`{}`", shown(name.as_bytes()));
    let first: Vec<_> = header.iter().take(4).map(quoted).collect();
    header_looks_like_values(header).then(|| first.join(", ").into())
}

/// The part of a message that says that the header seems to be missing.
pub(crate) fn no_header_hint(values: &Option<Box<str>>) -> String {
    let hint = |values| {
        format!(
            "; its first row looks like values and not like names: {values}; if the file has no header, add \
             one, or name the columns in `data.columns`, or by `--columns`"
        )
    };
    values.as_ref().map(hint).unwrap_or_default()
}

/// The delimiter that a header of a single column seems to have.
pub(crate) fn other_delimiter(header: &[String]) -> Option<char> {
    let [name] = header else { return None };
    name.chars().find(|c| is_delimiter(*c))
}

/// The types of columns that are read.
pub(crate) const READ_TYPES: &str = "whole numbers, floating-point numbers, decimals, booleans, text, \
     UUIDs, dates, times, or lists of these";

/// `n` with the word "field" or "fields".
pub(crate) fn fields(n: usize) -> String {
    format!("{n} field{}", if n == 1 { "" } else { "s" })
}

/// What was expected of bytes that are not UTF-8, with the remedy.
pub(crate) const UTF8: &str = "valid UTF-8; if the file is in another encoding, such as Windows-1252, convert it with \
                               `iconv -f WINDOWS-1252 -t UTF-8`";

/// The remedy for a file whose quotes are plain text.
pub(crate) const UNQUOTED: &str =
    "if quotes are plain text in this file, set `data.quote` to false";

/// The extent of the search for the end of a quote: `limit` bytes, or the whole file if there is no limit.
pub(crate) fn within(limit: Option<usize>) -> String {
    match limit {
        Some(limit) => format!("within {}", mebibytes(limit)),
        None => "before the file ends".to_owned(),
    }
}

/// A number of bytes in MiB.
pub(crate) fn mebibytes(bytes: usize) -> String {
    format!("{} MiB", bytes >> 20)
}

/// The remedy if `found` follows a closing quote, perhaps because a backslash before the quote makes it plain text.
pub(crate) fn after_quote_hint(found: char, is_after_backslash: bool) -> &'static str {
    match is_after_backslash {
        true => r"if a backslash makes the quote after it plain text, set `data.escape` to '\'",
        false if found == '\'' => {
            "if single quotes stand around values, set `data.quote`, or `--quote`, to \"'\""
        }
        false if is_delimiter(found) => {
            "if this character separates the fields, set `data.delimiter` to it"
        }
        false => UNQUOTED,
    }
}

/// Whether the character is a delimiter in some files.
fn is_delimiter(c: char) -> bool {
    matches!(c, ',' | ';' | '\t' | '|' | '\u{1}')
}

/// The number of rows that were skipped, if any.
pub(crate) fn skipped_hint(skipped: u64) -> String {
    if skipped == 0 { String::new() } else { format!(" ({skipped} bad rows were skipped)") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_short_and_printable() {
        let long = "ä".repeat(41);
        let cut = format!("{}…", "ä".repeat(39));
        let cases: &[(&[u8], &str)] = &[
            (b"old", "old"),
            (b"", ""),
            (b"a\nb\0\tc", "a\\nb\\u{0}\\tc"),
            (b"caf\xe9", "caf\u{fffd}"),
            (long.as_bytes(), &cut),
            (&long.as_bytes()[..80], &"ä".repeat(40)),
            ("1\u{a0}\u{200b}\u{feff}".as_bytes(), "1\\u{a0}\\u{200b}\\u{feff}"),
            ("e\u{301} नमस्ते 日本".as_bytes(), "e\u{301} नमस्ते 日本"),
        ];
        for (value, expected) in cases {
            assert_eq!(shown(value), *expected);
        }
    }
}
