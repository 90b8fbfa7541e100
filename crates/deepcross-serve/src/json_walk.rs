//! Walks over JSON that is known to be well-formed, and returns each value as a piece of the text.
//!
//! `serde_json` has checked the whole body before rows are read, so the walk only has to find where a value ends.
//! Rejected: a second pass of a general parser, which would check everything again and take several times as long.
//! If the text is not well-formed, a walk ends early or returns meaningless pieces; it never panics.

use crate::text_rows::ValueKind;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// The text and the position of the walk in it.
#[derive(Clone, Debug)]
pub(crate) struct JsonWalk<'a> {
    text: &'a str,
    at: usize,
}

/// A value, or the name of a value in an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct JsonValue<'a> {
    pub(crate) kind: ValueKind,
    /// The text of the value; a string includes its quotes.
    pub(crate) text: &'a str,
    has_escapes: bool,
}

impl<'a> JsonWalk<'a> {
    pub(crate) fn new(raw: &'a RawValue) -> Self {
        Self { text: raw.get(), at: 0 }
    }

    /// A walk over the elements of an array or an object.
    pub(crate) fn within(value: JsonValue<'a>) -> Self {
        Self { text: value.text, at: 1 }
    }

    /// Steps into an array or an object if `bracket` comes next; returns whether it does.
    pub(crate) fn enter(&mut self, bracket: u8) -> bool {
        self.skip_separators();
        let is_there = self.peek() == Some(bracket);
        self.at += usize::from(is_there);
        is_there
    }

    /// Whether another value comes before the closing bracket; if not, steps over the bracket.
    pub(crate) fn has_next(&mut self) -> bool {
        self.skip_separators();
        let has_next = !matches!(self.peek(), None | Some(b']' | b'}'));
        self.at += usize::from(!has_next);
        has_next
    }

    /// The next value before the closing bracket; an object gives names and values in turn.
    #[inline]
    pub(crate) fn next(&mut self) -> Option<JsonValue<'a>> {
        if !self.has_next() {
            return None;
        }
        let start = self.at;
        let kind = kind_of(self.peek());
        let has_escapes = match kind {
            ValueKind::String => self.skip_string(),
            ValueKind::Array | ValueKind::Object => self.skip_nested(),
            _ => self.skip_literal(),
        };
        let text = self.text.get(start..self.at)?;
        Some(JsonValue { kind, text, has_escapes })
    }

    /// Steps over the next name if it is `name`, written without escapes; returns whether it is.
    #[inline]
    pub(crate) fn take_name(&mut self, name: &str) -> bool {
        self.skip_separators();
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        let rest = rest.strip_prefix(b"\"").and_then(|rest| rest.strip_prefix(name.as_bytes()));
        let is_name = rest.is_some_and(|rest| rest.first() == Some(&b'"'));
        if is_name {
            self.at += name.len() + 2;
        }
        is_name
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_separators(&mut self) {
        while let Some(b' ' | b',' | b':' | b'\n' | b'\t' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    /// Steps over a string; returns whether it has escapes.
    #[inline]
    fn skip_string(&mut self) -> bool {
        let mut has_escapes = false;
        self.at += 1;
        loop {
            let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
            self.at += n_plain(rest) + 1;
            match self.text.as_bytes().get(self.at - 1) {
                Some(b'\\') => {
                    has_escapes = true;
                    self.at += 1;
                }
                _ => return has_escapes,
            }
        }
    }

    fn skip_literal(&mut self) -> bool {
        let is_end = |byte| matches!(byte, b',' | b']' | b'}' | b' ' | b'\n' | b'\t' | b'\r');
        while self.peek().is_some_and(|byte| !is_end(byte)) {
            self.at += 1;
        }
        false
    }

    /// Steps over an array or an object of any depth: it counts brackets and does not recurse.
    fn skip_nested(&mut self) -> bool {
        let mut depth = 0_usize;
        while let Some(byte) = self.peek() {
            match byte {
                b'"' => {
                    self.skip_string();
                    continue;
                }
                b'[' | b'{' => depth += 1,
                b']' | b'}' => depth -= 1,
                _ => {}
            }
            self.at += 1;
            if depth == 0 {
                break;
            }
        }
        false
    }
}

impl<'a> JsonValue<'a> {
    /// The content of a string; `None` if the value is not a string, or its escapes are not valid Unicode.
    #[inline]
    pub(crate) fn string(&self) -> Option<Cow<'a, str>> {
        if self.kind != ValueKind::String {
            return None;
        }
        if self.has_escapes {
            return serde_json::from_str(self.text).ok().map(Cow::Owned);
        }
        self.text.get(1..self.text.len() - 1).map(Cow::Borrowed)
    }
}

/// The number of bytes before the first quote or backslash.
///
/// It looks at eight bytes at a time, which is about the length of most strings.
#[inline]
fn n_plain(bytes: &[u8]) -> usize {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    // The lowest set bit marks the first byte of the word that equals `byte`.
    let places = |word: u64, byte: u8| {
        let zero_there = word ^ (ONES * u64::from(byte));
        zero_there.wrapping_sub(ONES) & !zero_there & (ONES << 7)
    };
    let mut at = 0;
    while let Some(eight) = bytes[at..].first_chunk() {
        let word = u64::from_le_bytes(*eight);
        let found = places(word, b'"') | places(word, b'\\');
        if found != 0 {
            return at + found.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    let is_plain = |byte: &&u8| !matches!(byte, b'"' | b'\\');
    at + bytes[at..].iter().take_while(is_plain).count()
}

/// The kind of a JSON value, by its first character.
pub(crate) fn kind_of(first: Option<u8>) -> ValueKind {
    match first {
        Some(b'n') => ValueKind::Null,
        Some(b't' | b'f') => ValueKind::Boolean,
        Some(b'"') => ValueKind::String,
        Some(b'[') => ValueKind::Array,
        Some(b'{') => ValueKind::Object,
        _ => ValueKind::Number,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(text: &str) -> Vec<&str> {
        let raw: &RawValue = serde_json::from_str(text).expect("well-formed");
        let mut walk = JsonWalk::new(raw);
        assert!(walk.enter(b'[') || walk.enter(b'{'));
        let found = std::iter::from_fn(|| walk.next().map(|value| value.text)).collect();
        assert_eq!(walk.at, raw.get().len());
        found
    }

    #[test]
    fn values_are_pieces_of_the_text() {
        assert!(pieces("[ ]").is_empty());
        assert_eq!(pieces(r#"[1 , -2.5e3,"a\"]",null]"#), ["1", "-2.5e3", r#""a\"]""#, "null"]);
        let expected = [r#""é""#, r#"[[],{"x":"]"}]"#, r#""b\\""#, "true"];
        assert_eq!(pieces("{\"é\": [[],{\"x\":\"]\"}],\n\"b\\\\\":\ttrue }"), expected);
    }

    #[test]
    fn strings_end_at_the_first_quote_or_backslash() {
        for n in 0..40 {
            for end in ["\"", "\\", "\"\\", "\\\""] {
                for fill in ["x", "\u{7f}", "é", "#", "!", "]", "["] {
                    let plain = fill.repeat(n);
                    let text = format!("{plain}{end}{fill}\"");
                    assert_eq!(n_plain(text.as_bytes()), plain.len(), "{text}");
                    assert_eq!(n_plain(plain.as_bytes()), plain.len());
                }
            }
        }
    }

    #[test]
    fn strings_are_read_with_their_escapes() {
        let read = |text: &str| {
            let raw: &RawValue = serde_json::from_str(text).expect("well-formed");
            let mut walk = JsonWalk::new(raw);
            assert!(walk.enter(b'['));
            walk.next().and_then(|value| value.string()).map(Cow::into_owned)
        };
        assert_eq!(read(r#"["a b"]"#).as_deref(), Some("a b"));
        assert_eq!(read(r#"["\u00e9\n"]"#).as_deref(), Some("é\n"));
        assert_eq!((read(r#"["\ud800"]"#), read("[1]")), (None, None));
    }

    #[test]
    fn names_are_taken_whole() {
        let check = |name: &str, is_taken: bool| {
            let mut walk = JsonWalk { text: "{ \"é1\": 2}", at: 1 };
            assert_eq!(walk.take_name(name), is_taken, "{name}");
            let rest = std::iter::from_fn(|| walk.next().map(|value| value.text));
            assert_eq!(rest.collect::<Vec<_>>(), ["\"é1\"", "2"][usize::from(is_taken)..]);
        };
        check("é1", true);
        ["é", "é12", "", "x"].into_iter().for_each(|name| check(name, false));
        assert!(!JsonWalk { text: "", at: 7 }.take_name(""));
    }

    #[test]
    fn text_that_is_not_well_formed_ends() {
        for text in ["", "\"", "[", "[\"\\", "{\"a", "]", "[1", "[[", "[]]", "\"é\\"] {
            let mut walk = JsonWalk { text, at: 0 };
            for _ in 0..9 {
                if let Some(value) = walk.next() {
                    let mut within = JsonWalk::within(value);
                    let _ = (value.string(), within.next(), within.next());
                }
            }
        }
    }
}
