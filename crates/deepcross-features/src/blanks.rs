//! Removes the white space around values and names.
//!
//! Spreadsheets and web pages leave white space of Unicode, such as no-break spaces, which is invisible.
//! Most values begin and end with ASCII, and are only looked at as ASCII.

/// The bytes without white space around them: that of ASCII and of Unicode, and byte order marks.
///
/// Bytes that are not UTF-8 stay.
#[inline]
pub fn trim(text: &[u8]) -> &[u8] {
    let text = text.trim_ascii();
    match (text.first(), text.last()) {
        (Some(first), Some(last)) if !first.is_ascii() || !last.is_ascii() => trim_unicode(text),
        _ => text,
    }
}

/// The same for a text.
pub fn trim_str(text: &str) -> &str {
    text.trim_matches(is_blank)
}

/// Removes the white space around the bytes from `start` to the end of a buffer.
pub fn trim_end_of(buffer: &mut Vec<u8>, start: usize) {
    let text = &buffer[start..];
    let n_bytes = trim(text).len();
    if n_bytes < text.len() {
        let from = buffer.len() - trim_start(text).len();
        buffer.copy_within(from..from + n_bytes, start);
        buffer.truncate(start + n_bytes);
    }
}

#[cold]
fn trim_unicode(text: &[u8]) -> &[u8] {
    let mut text = trim_start(text);
    while let Some(rest) = without_last(text) {
        text = rest.trim_ascii_end();
    }
    text
}

fn trim_start(text: &[u8]) -> &[u8] {
    let mut text = text.trim_ascii_start();
    while let Some(rest) = without_first(text) {
        text = rest.trim_ascii_start();
    }
    text
}

/// The text without its first character, if this is white space that is not ASCII; it then has two or three bytes.
fn without_first(text: &[u8]) -> Option<&[u8]> {
    let rest = |length| text.split_at_checked(length).filter(|(first, _)| is_one_blank(first));
    rest(2).or_else(|| rest(3)).map(|(_, rest)| rest)
}

/// The same for the last character.
fn without_last(text: &[u8]) -> Option<&[u8]> {
    let rest = |length| {
        text.split_at_checked(text.len().checked_sub(length)?)
            .filter(|(_, last)| is_one_blank(last))
    };
    rest(2).or_else(|| rest(3)).map(|(rest, _)| rest)
}

fn is_one_blank(bytes: &[u8]) -> bool {
    let mut chars = str::from_utf8(bytes).unwrap_or_default().chars();
    chars.next().is_some_and(is_blank) && chars.next().is_none()
}

fn is_blank(c: char) -> bool {
    match c.is_ascii() {
        true => c.is_ascii_whitespace(),
        false => c.is_whitespace() || c == '\u{feff}',
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn white_space_of_unicode_is_removed() {
        let cases = [
            ("a", "a"),
            ("", ""),
            (" \u{a0} ", ""),
            ("\u{a0}shoe\u{a0}", "shoe"),
            ("\u{2003}\t\u{3000} é \u{feff}", "é"),
            ("\u{feff}7", "7"),
            ("a\u{a0}b", "a\u{a0}b"),
            ("日本\u{200b}", "日本\u{200b}"),
        ];
        for (text, expected) in cases {
            assert_eq!(trim(text.as_bytes()), expected.as_bytes(), "{text:?}");
            assert_eq!(trim_str(text), expected, "{text:?}");
            let mut buffer = format!("x {text}").into_bytes();
            trim_end_of(&mut buffer, 2);
            assert_eq!(buffer, format!("x {expected}").into_bytes(), "{text:?}");
        }
        assert_eq!(trim(b"\xa0a\xe2\x80"), b"\xa0a\xe2\x80");
    }

    proptest! {
        #[test]
        fn bytes_and_texts_are_trimmed_alike(
            pieces in prop::collection::vec(
                prop::sample::select(vec!["a", "é", " ", "\t", "\u{b}", "\u{85}", "\u{a0}", "\u{2028}", "\u{feff}", "日"]),
                0..8,
            ),
        ) {
            let text = pieces.concat();
            prop_assert_eq!(trim(text.as_bytes()), trim_str(&text).as_bytes());
        }
    }
}
