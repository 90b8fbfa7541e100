//! The parts that messages share: shown values, named files, and hints.

use std::path::Path;

use memchr::memchr;

/// The path that stands for the standard input.
pub(crate) const STANDARD_INPUT: &str = "-";

/// The most characters of a value or a line that a message shows.
const LONGEST_SHOWN: usize = 40;

/// As many bytes as tell what is shown, and that it is not all: four hold any character.
const HEAD: usize = 4 * (LONGEST_SHOWN + 1);

/// The first line of `text`, without its end, as far as messages show it.
pub(crate) fn line_start(text: &[u8]) -> &[u8] {
    let head = &text[..text.len().min(HEAD)];
    let line = &head[..memchr(b'\n', head).unwrap_or(head.len())];
    // A carriage return at the very end of the head may be amid the line, but is not shown anyway.
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// A file as messages name it.
pub(crate) fn named(file: &Path) -> String {
    match file == Path::new(STANDARD_INPUT) {
        true => "standard input".to_owned(),
        false => format!("`{}`", file.display()),
    }
}

/// Bytes for a message: at most 40 characters, those that nobody would see escaped.
pub(crate) fn shown(value: &[u8]) -> String {
    let head = &value[..value.len().min(HEAD)];
    let text = String::from_utf8_lossy(head);
    let chars = text.chars();
    if text.chars().nth(LONGEST_SHOWN).is_none() {
        return chars.flat_map(visible).collect();
    }
    chars.take(LONGEST_SHOWN - 1).flat_map(visible).chain(['…']).collect()
}

/// The character itself, or its escape if it is not to be seen or disturbs the line of a message.
fn visible(c: char) -> impl Iterator<Item = char> {
    let is_blank = c.is_control() || (c.is_whitespace() && c != ' ');
    let escape = (is_blank || is_without_width(c)).then(|| c.escape_default());
    let plain = escape.is_none().then_some(c);
    escape.into_iter().flatten().chain(plain)
}

/// Soft hyphens, joiners, marks of direction and of byte order: a value with one looks like another.
fn is_without_width(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}')
        || matches!(c, '\u{2060}'..='\u{206f}' | '\u{feff}')
}

pub(crate) fn hint(nearest: &Option<String>) -> String {
    let hint = |name: &String| format!(", the nearest is `{}`", shown(name.as_bytes()));
    nearest.as_ref().map(hint).unwrap_or_default()
}

pub(crate) fn delimiter_hint(delimiter: Option<char>) -> String {
    let hint =
        |c| format!("; the header is one column with {c:?} in it: is that `data.delimiter`?");
    delimiter.map(hint).unwrap_or_default()
}

/// The delimiter that a header of a single column seems to have.
pub(crate) fn other_delimiter(header: &[String]) -> Option<char> {
    let [name] = header else { return None };
    name.chars().find(|c| is_delimiter(*c))
}

/// The way out for a value that many programs write where a number is missing.
pub(crate) fn missing_hint(value: &str, expected: &str) -> &'static str {
    const MISSING: [&str; 8] = ["na", "n/a", "null", "none", "nan", "nil", "-", "?"];
    let is_missing = MISSING.iter().any(|known| value.eq_ignore_ascii_case(known));
    if is_missing && expected == "a finite number" {
        "; if it means that the value is missing, add it to `data.missing`"
    } else {
        ""
    }
}

pub(crate) fn fields(n: usize) -> String {
    format!("{n} field{}", if n == 1 { "" } else { "s" })
}

pub(crate) fn quote_hint(several_lines: bool) -> &'static str {
    if several_lines { "; it spans several lines, so a quote in it may not close" } else { "" }
}

/// The way out for a file whose quotes are text.
pub(crate) const UNQUOTED: &str =
    "if quotes are plain text in this file, set `data.quote` to false";

pub(crate) fn within(limit: Option<usize>) -> String {
    match limit {
        Some(limit) => format!("within {}", mebibytes(limit)),
        None => "before the file ends".to_owned(),
    }
}

pub(crate) fn mebibytes(bytes: usize) -> String {
    format!("{} MiB", bytes >> 20)
}

pub(crate) fn after_quote_hint(found: char) -> &'static str {
    if is_delimiter(found) {
        "if it stands between the fields, set `data.delimiter`"
    } else {
        UNQUOTED
    }
}

/// Whether the character is one that other files have between two fields.
fn is_delimiter(c: char) -> bool {
    matches!(c, ';' | '\t' | '|')
}

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
