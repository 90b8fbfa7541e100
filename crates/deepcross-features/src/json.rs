//! JSON whose values are read as text: walks over objects and arrays, and spells their values.
//!
//! A walk goes over JSON that is known to be well-formed, and returns each value as a piece of the text.
//! [`well_formed`] has checked the text before, so the walk only has to find where a value ends.
//! Rejected: a tree of values, which would parse each number to a float and print it again; and a second pass of a
//! general parser, which would check everything again and take several times as long.
//! If the text is not well-formed, a walk ends early or returns meaningless pieces; it never panics.

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::decimal::Decimal;
use crate::raw::printed_list::seems_printed;

/// The kind of a JSON value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueKind {
    /// `null`, a missing value.
    Null,
    /// `true` or `false`.
    Boolean,
    /// A number.
    Number,
    /// A string.
    String,
    /// An array.
    Array,
    /// An object.
    Object,
}

impl ValueKind {
    /// The name in messages, such as `number`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Boolean => "boolean",
            Self::Number => "number",
            Self::String => "string",
            Self::Array => "array",
            Self::Object => "object",
        }
    }
}

/// The text and the position of the walk in it.
#[derive(Clone, Debug)]
pub struct JsonWalk<'a> {
    text: &'a str,
    at: usize,
}

/// A value, or the name of a value in an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JsonValue<'a> {
    /// The kind.
    pub kind: ValueKind,
    /// The text of the value; a string includes its quotes.
    pub text: &'a str,
    has_escapes: bool,
}

impl<'a> JsonWalk<'a> {
    /// A walk over a value: its well-formed text.
    pub fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// A walk over the elements of an array or an object.
    pub fn within(value: JsonValue<'a>) -> Self {
        Self { text: value.text, at: 1 }
    }

    /// Steps into an array or an object if `bracket` comes next; returns whether it does.
    #[inline]
    pub fn enter(&mut self, bracket: u8) -> bool {
        self.skip_separators();
        let is_there = self.peek() == Some(bracket);
        self.at += usize::from(is_there);
        is_there
    }

    /// Whether another value comes before the closing bracket; if not, steps over the bracket.
    #[inline]
    pub fn has_next(&mut self) -> bool {
        self.skip_separators();
        let has_next = !matches!(self.peek(), None | Some(b']' | b'}'));
        self.at += usize::from(!has_next);
        has_next
    }

    /// The next value before the closing bracket; an object gives names and values in turn.
    #[inline]
    #[expect(clippy::should_implement_trait, reason = "a walk also enters values")]
    pub fn next(&mut self) -> Option<JsonValue<'a>> {
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
    pub fn take_name(&mut self, name: &str) -> bool {
        self.skip_separators();
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        let rest = rest.strip_prefix(b"\"").and_then(|rest| rest.strip_prefix(name.as_bytes()));
        let is_name = rest.is_some_and(|rest| rest.first() == Some(&b'"'));
        if is_name {
            self.at += name.len() + 2;
        }
        is_name
    }

    #[inline]
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    #[inline]
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

    #[inline]
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
    pub fn string(&self) -> Option<Cow<'a, str>> {
        if self.kind != ValueKind::String {
            return None;
        }
        if self.has_escapes {
            return serde_json::from_str(self.text).ok().map(Cow::Owned);
        }
        self.text.get(1..self.text.len() - 1).map(Cow::Borrowed)
    }

    /// The text that the value has in a file of delimited text: a string without its quotes, a number with all its digits,
    /// but without an exponent, a boolean as it stands, and the elements of an array with `separator` between them. An
    /// element that is null is left out, and `separator` comes first if the text would be that of a list as programs print
    /// it.
    ///
    /// `None` for null and objects, for a string whose escapes are not valid Unicode, and for an array with an element
    /// that is an array or an object, or that contains the separator.
    #[inline]
    pub fn spelled(&self, separator: char) -> Option<Cow<'a, str>> {
        match self.kind {
            ValueKind::Null | ValueKind::Object => None,
            ValueKind::String => self.string(),
            ValueKind::Array => self.joined(separator).map(Cow::Owned),
            ValueKind::Boolean => Some(Cow::Borrowed(self.text)),
            ValueKind::Number => Some(number(self.text)),
        }
    }

    fn joined(&self, separator: char) -> Option<String> {
        let mut elements = JsonWalk::within(*self);
        let mut joined = String::new();
        while let Some(element) = elements.next() {
            let element = match element.kind {
                ValueKind::Null => continue,
                ValueKind::Array => return None,
                _ => element.spelled(separator),
            };
            joined.push_str(&element.filter(|element| !element.contains(separator))?);
            joined.push(separator);
        }
        joined.pop();
        if seems_printed(joined.as_bytes()) {
            joined.insert(0, separator);
        }
        Some(joined)
    }
}

/// The text of a number, which is the same whether the sender writes it with an exponent or without.
fn number(text: &str) -> Cow<'_, str> {
    if !text.bytes().any(|byte| matches!(byte, b'e' | b'E')) {
        return Cow::Borrowed(text);
    }
    let plain = Decimal::of(text.as_bytes()).and_then(|number| number.without_exponent());
    plain.and_then(|text| String::from_utf8(text).ok()).map_or(Cow::Borrowed(text), Cow::Owned)
}

/// The text of `bytes`, if they are one JSON value.
///
/// # Errors
/// The problem of the bytes, and where it is, counted from 1.
pub fn well_formed(bytes: &[u8]) -> Result<&str, String> {
    let text = str::from_utf8(bytes)
        .map_err(|error| format!("byte {} is not valid UTF-8", error.valid_up_to() + 1))?;
    match serde_json::from_str::<&RawValue>(text) {
        Ok(_) => Ok(text),
        Err(error) => {
            let message = error.to_string();
            let problem = message.split(" at line ").next().unwrap_or_default();
            Err(format!("{problem} at byte {}", error.column()))
        }
    }
}

/// Appends `text` as a JSON string, with its quotes.
pub fn push_string(text: &str, json: &mut Vec<u8>) {
    // Writing to memory does not fail.
    serde_json::to_writer(json, text).unwrap_or_default();
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
#[inline]
pub fn kind_of(first: Option<u8>) -> ValueKind {
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
        let mut walk = JsonWalk::new(well_formed(text.as_bytes()).expect("well-formed"));
        assert!(walk.enter(b'[') || walk.enter(b'{'));
        let found = std::iter::from_fn(|| walk.next().map(|value| value.text)).collect();
        assert_eq!(walk.at, text.len());
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
            let mut walk = JsonWalk::new(well_formed(text.as_bytes()).expect("well-formed"));
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
    #[test]
    fn values_have_the_text_of_files() {
        let spelled = |text: &str| {
            let mut walk = JsonWalk::new(well_formed(text.as_bytes()).expect("well-formed"));
            assert!(walk.enter(b'['));
            walk.next().and_then(|value| value.spelled('|')).map(Cow::into_owned)
        };
        for (value, expected) in [
            ("1.0", Some("1.0")),
            ("12345678901234567890", Some("12345678901234567890")),
            ("-0e1", Some("0.0")),
            ("1e3", Some("1000.0")),
            ("1.5E-3", Some("0.0015")),
            ("1e9999", Some("1e9999")),
            ("true", Some("true")),
            (r#""a \u00e9""#, Some("a é")),
            (r#"["a", 2.50, "b:0.5"]"#, Some("a|2.50|b:0.5")),
            ("[]", Some("")),
            ("null", None),
            ("{}", None),
            (r#"["a|b"]"#, None),
            ("[[1]]", None),
            ("[null, 1, null]", Some("1")),
            ("[true, 1e3]", Some("true|1000.0")),
            ("[{}]", None),
            (r#""\ud800""#, None),
        ] {
            assert_eq!(spelled(&format!("[{value}]")).as_deref(), expected, "{value}");
        }
    }

    #[test]
    fn text_that_is_not_json_is_refused_with_its_place() {
        for (bytes, expected) in [
            (&b"{\"a\":1,}"[..], "key must be a string at byte 8"),
            (b"{\"a\":tru}", "expected ident at byte 9"),
            (b"{} {}", "trailing characters at byte 4"),
            (b"", "EOF while parsing a value at byte 0"),
            (b"\"\xff\"", "byte 2 is not valid UTF-8"),
        ] {
            assert_eq!(well_formed(bytes), Err(expected.to_owned()));
        }
        assert_eq!(well_formed(b" [1, {}] "), Ok(" [1, {}] "));
        let deep = "[".repeat(100_000) + &"]".repeat(100_000);
        assert_eq!(well_formed(deep.as_bytes()), Ok(&*deep));
    }

    #[test]
    fn strings_are_written_as_they_are_read() {
        for text in ["", "a \"b\" \\ \n\t\u{1}", "é日😀"] {
            let mut json = b"[".to_vec();
            push_string(text, &mut json);
            json.push(b']');
            let mut walk = JsonWalk::new(well_formed(&json).expect("well-formed"));
            assert!(walk.enter(b'['));
            assert_eq!(walk.next().and_then(|value| value.string()).as_deref(), Some(text));
        }
    }
}
