//! `--delimiter`, `--quote`, `--escape` and `--comment`: the characters between and around fields.

use clap::Args;
use deepcross_data::Quote;

/// The characters between and around fields.
#[derive(Clone, Debug, Args)]
pub(crate) struct Characters {
    /// The text between two fields, such as ';', '::', '\t' or '\x01', instead of the one that is recognized
    #[arg(long, value_name = "TEXT", value_parser = unescaped)]
    pub(crate) delimiter: Option<String>,
    /// The character around fields that hold delimiters, or `none`, instead of the one that is recognized
    #[arg(long, value_name = "CHAR", value_parser = quote)]
    pub(crate) quote: Option<Quote>,
    /// The character that makes a quote or a delimiter after it plain text, such as '\'
    #[arg(long, value_name = "CHAR", value_parser = character)]
    pub(crate) escape: Option<char>,
    /// The character that begins a line to be skipped
    #[arg(long, value_name = "CHAR", value_parser = character)]
    pub(crate) comment: Option<char>,
}

/// A text in which `\t` is a tab, `\\` a backslash, and `\x01` the character with this hexadecimal number.
pub(super) fn unescaped(text: &str) -> Result<String, String> {
    let (mut rest, mut unescaped) = (text, String::new());
    while let Some((before, after)) = rest.split_once('\\') {
        let (c, length) = match after.as_bytes() {
            [] => ('\\', 0),
            [b'\\', ..] => ('\\', 1),
            [b't', ..] => ('\t', 1),
            [b'x', ..] => (hexadecimal(after.get(1..3))?, 3),
            _ => return Err("expected `\\t`, `\\x01` or `\\\\` after a backslash".to_owned()),
        };
        unescaped.extend(before.chars().chain([c]));
        rest = &after[length..];
    }
    Ok(unescaped + rest)
}

/// The ASCII character with this number.
fn hexadecimal(digits: Option<&str>) -> Result<char, String> {
    let number = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
    let ascii = number.filter(u8::is_ascii).map(char::from);
    ascii.ok_or_else(|| "expected two hexadecimal digits up to 7f after `\\x`".to_owned())
}

fn character(text: &str) -> Result<char, String> {
    let text = unescaped(text)?;
    let mut chars = text.chars();
    match (chars.next(), chars.next()) {
        (Some(c), None) => Ok(c),
        _ => Err("expected one character".to_owned()),
    }
}

fn quote(text: &str) -> Result<Quote, String> {
    match text {
        "none" => Ok(Quote::Off),
        _ => character(text)
            .map(Quote::Char)
            .map_err(|_| "expected one character, or `none`".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_have_escapes() {
        let cases = [
            (";", Ok(";")),
            ("::", Ok("::")),
            ("\\t", Ok("\t")),
            ("\\x01\\x1F", Ok("\u{1}\u{1f}")),
            ("a\\\\b", Ok("a\\b")),
            ("\\", Ok("\\")),
            ("→", Ok("→")),
            ("\\n", Err("expected `\\t`, `\\x01` or `\\\\` after a backslash")),
            ("\\xé", Err("expected two hexadecimal digits up to 7f after `\\x`")),
            ("\\x80", Err("expected two hexadecimal digits up to 7f after `\\x`")),
        ];
        for (text, expected) in cases {
            assert_eq!(
                unescaped(text),
                expected.map(str::to_owned).map_err(str::to_owned),
                "{text}"
            );
        }
        assert_eq!(quote("none"), Ok(Quote::Off));
        assert_eq!(quote("'"), Ok(Quote::Char('\'')));
        assert_eq!(quote("''"), Err("expected one character, or `none`".to_owned()));
        assert_eq!((character("\\"), character("\\x1b")), (Ok('\\'), Ok('\u{1b}')));
        assert_eq!(character(""), Err("expected one character".to_owned()));
    }
}
