//! Kinds of text that are not rows of the expected format, recognised by how the text begins.

use std::path::Path;

use crate::error::DataError;

/// A kind of text, and what to do about it.
struct TextKind {
    name: &'static str,
    remedy: &'static str,
    /// Whether it is a format that is read, if the settings say that the file has it.
    is_format: bool,
    is_kind: fn(&[u8]) -> bool,
}

/// Kinds of files that no text format reads.
static KINDS: [TextKind; 6] = [
    TextKind {
        name: "a Parquet file",
        remedy: "set `data.format`, or `--format`, to `parquet`",
        is_format: true,
        is_kind: is_parquet,
    },
    TextKind {
        name: "a tar archive",
        remedy: "take the files out of it with `tar -x`",
        is_format: false,
        is_kind: |text| text.get(257..262) == Some(b"ustar"),
    },
    TextKind {
        name: "a page of HTML",
        remedy: "perhaps a page of a web server was saved in place of the file",
        is_format: false,
        is_kind: |text| begins_with(text, b"<!doctype html") || begins_with(text, b"<html"),
    },
    TextKind {
        name: "XML",
        remedy: "write its rows as CSV",
        is_format: false,
        is_kind: |text| begins_with(text, b"<?xml"),
    },
    TextKind {
        name: "an ARFF file of Weka",
        remedy: "remove the lines up to `@data`, and name the columns in `data.columns`, or by `--columns`",
        is_format: false,
        is_kind: is_arff,
    },
    TextKind {
        name: "a JSON array",
        remedy: "write one object in each line, for instance with `jq -c '.[]'`",
        is_format: false,
        is_kind: |text| is_after(text, b'[', b'{'),
    },
];

/// Rows of Vowpal Wabbit, which are also fields between bars if the settings say so.
static VOWPAL_WABBIT: TextKind = TextKind {
    name: "a file of Vowpal Wabbit",
    remedy: "write its rows as CSV, as JSON Lines or as libsvm",
    is_format: false,
    is_kind: is_vowpal_wabbit,
};

/// Rows of JSON in a file of another format.
static JSON_LINES: TextKind = TextKind {
    name: "JSON Lines",
    remedy: "set `data.format`, or `--format`, to `jsonl`",
    is_format: true,
    is_kind: is_json,
};

/// Refuses a file whose beginning is `text` if it is of a kind that no text format reads.
///
/// # Errors
/// [`DataError::NotRead`], or [`DataError::OtherFormat`] if another format reads it.
pub(super) fn check_text(file: &Path, text: &[u8]) -> Result<(), DataError> {
    check(file, text, KINDS.iter().chain([&VOWPAL_WABBIT]))
}

/// The same for a format that is not JSON Lines: refuses JSON Lines too.
pub(super) fn check_no_json(file: &Path, text: &[u8]) -> Result<(), DataError> {
    check(file, text, KINDS.iter().chain([&VOWPAL_WABBIT, &JSON_LINES]))
}

/// The same for rows of fields between bars without a header, which may look like Vowpal Wabbit.
pub(super) fn check_rows_with_bars(file: &Path, text: &[u8]) -> Result<(), DataError> {
    check(file, text, KINDS.iter().chain([&JSON_LINES]))
}

fn check<'a>(
    file: &Path,
    text: &[u8],
    mut kinds: impl Iterator<Item = &'a TextKind>,
) -> Result<(), DataError> {
    match kinds.find(|kind| (kind.is_kind)(text)) {
        None => Ok(()),
        Some(TextKind { name: kind, remedy, is_format: true, .. }) => {
            Err(DataError::OtherFormat { file: file.to_path_buf(), kind, remedy })
        }
        Some(TextKind { name: kind, remedy, .. }) => {
            Err(DataError::NotRead { file: file.to_path_buf(), kind, remedy })
        }
    }
}

/// Whether the text begins with `beginning`, in capitals or not, after white space.
fn begins_with(text: &[u8], beginning: &[u8]) -> bool {
    let text = text.trim_ascii_start();
    text.get(..beginning.len()).is_some_and(|start| start.eq_ignore_ascii_case(beginning))
}

/// Whether the text begins with `first` and then `second`, with white space around them.
fn is_after(text: &[u8], first: u8, second: u8) -> bool {
    let after = text.trim_ascii_start().strip_prefix(&[first]);
    after.is_some_and(|text| text.trim_ascii_start().first() == Some(&second))
}

fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty())
}

/// Whether the text begins as Parquet does. A header may begin with its letters.
pub(super) fn is_parquet(text: &[u8]) -> bool {
    text.strip_prefix(b"PAR1").is_some_and(|rest| matches!(rest.first(), None | Some(0 | 0x15)))
}

/// Whether the text begins with an object, and the first line holds nothing behind it, as another field would be.
fn is_json(text: &[u8]) -> bool {
    let is_cut = !text.trim_ascii_start().contains(&b'\n');
    let end = lines(text).next().and_then(|line| line.trim_ascii_end().last());
    is_after(text, b'{', b'"') && (is_cut || matches!(end, Some(b'}' | b'{' | b'[' | b',')))
}

/// Whether the first line that is not a comment declares a relation.
fn is_arff(text: &[u8]) -> bool {
    let first = lines(text).find(|line| !line.starts_with(b"%"));
    first.is_some_and(|line| begins_with(line, b"@relation "))
}

/// Whether the first line is a number, perhaps further words, and then a bar with the name of a namespace right behind
/// it.
fn is_vowpal_wabbit(text: &[u8]) -> bool {
    let first = lines(text).next().and_then(|line| str::from_utf8(line).ok());
    let parts = first.and_then(|line| line.split_once(" |"));
    parts.is_some_and(|(before, after)| {
        let label = before.split(' ').next().unwrap_or_default();
        let is_namespace = after.starts_with(|c: char| c.is_ascii_alphanumeric());
        label.parse::<f64>().is_ok() && is_namespace && !before.contains(['|', ',', '\t'])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_recognised_by_how_they_begin() {
        let tar = [b"a.csv".to_vec(), vec![0; 252], b"ustar\0".to_vec()].concat();
        let cases: [(&[u8], Option<&str>); 24] = [
            (b"", None),
            (b"click,ad\n1,2\n", None),
            (b"PAR1\x15\x04", Some("a Parquet file")),
            (&tar, Some("a tar archive")),
            (b"\n<!DOCTYPE html>\n<html>", Some("a page of HTML")),
            (b"<html lang='en'>", Some("a page of HTML")),
            (b"<?xml version='1.0'?>", Some("XML")),
            (b"% a comment\n\n@RELATION clicks\n@attribute", Some("an ARFF file of Weka")),
            (b"@relation,click\n", None),
            (b"[\n {\"a\": 1},\n", Some("a JSON array")),
            (b"[1, 2],x\n", None),
            (b"{\"click\": 1}\n", Some("JSON Lines")),
            (b"{ \"click\": 1}\n", Some("JSON Lines")),
            (b"{ \"click\": 1,\n \"ad\": 2}\n", Some("JSON Lines")),
            (b"{\"click\": 1, \"ad\"", Some("JSON Lines")),
            (b"{\"a\": 1}\t1\n{\"a\": 2}\t0\n", None),
            (b"PAR1,PAR2,click\n", None),
            (b"{a},b\n", None),
            (b"1 |user u1 |ad a:0.5\n", Some("a file of Vowpal Wabbit")),
            (b"-1 2.0 'row7|user u1 |ad a2\n", None),
            (b"-1 2.0 'row7 |user u1\n", Some("a file of Vowpal Wabbit")),
            (b"|1x3 fold\n1,2,x|y\n", None),
            (b"1|a|b\n", None),
            (b"1 | a | b\n", None),
        ];
        for (text, expected) in cases {
            let kind = match check_no_json(Path::new("x"), text) {
                Err(DataError::NotRead { kind, .. } | DataError::OtherFormat { kind, .. }) => {
                    Some(kind)
                }
                _ => None,
            };
            assert_eq!(kind, expected, "{:?}", String::from_utf8_lossy(text));
        }
        assert!(check_text(Path::new("x"), b"{\"click\": 1}\n").is_ok());
        assert!(check_text(Path::new("x"), b"[{\"click\": 1}]").is_err());
        assert!(check_rows_with_bars(Path::new("x"), b"1 |a |b\n").is_ok());
        assert!(check_text(Path::new("x"), b"1 |a |b\n").is_err());
    }
}
