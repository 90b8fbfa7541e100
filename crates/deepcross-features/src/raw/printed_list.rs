//! Lists as programs print them into one cell: `[1, 2]`, `['a', 'b']`, `["a","b"]`, `{1,2}`, `(1, 2)` and `("a",)`.
//!
//! These are the lists, tuples and sets of Python, the arrays of NumPy, JSON and Postgres, and the lists of Java.
//! Elements stand between commas, with quotes or without; after a quote, and between numbers or truth values, blanks are
//! enough, as in `[1 2 3]` of NumPy.
//! Elements that mean "missing" (`None`, `null`, `nan`, `<NA>`) are left out, as in a list of Parquet.
//! A list within a list, and pairs as in `{'a': 1}`, are not read.

use std::borrow::Cow;

use crate::blanks;
use crate::raw::spelling::truth;

/// The separator between the elements of a list that is not printed: the default of multi-hot fields.
pub const LIST_SEPARATOR: u8 = b'|';

/// The functions that Python and NumPy print around a collection.
const FUNCTIONS: [&str; 3] = ["set", "frozenset", "array"];

/// The texts of elements that are missing, unless they have quotes.
const MISSING: [&str; 4] = ["none", "null", "nan", "<na>"];

/// The elements of a printed list; `None` for the first one that is not written as an element.
#[derive(Clone, Debug)]
pub(crate) struct PrintedList<'t> {
    rest: &'t str,
    has_braces: bool,
    /// Blanks separate numbers as long as more than this number of bytes are left.
    after_numbers: usize,
}

/// An element, and the text after it.
struct Element<'t> {
    /// `None` if it is missing.
    text: Option<Cow<'t, str>>,
    rest: &'t str,
    /// Whether blanks are enough before the next element.
    has_end: bool,
}

/// The elements of a list that a program has printed; `None` if the text is not such a list.
///
/// Spaces around elements are dropped, and empty elements are left out, as in lists with separators.
pub fn printed_elements(text: &str) -> Option<Vec<Cow<'_, str>>> {
    PrintedList::open(text)?.collect()
}

/// Whether the joined elements of a typed list would be taken for a list that a program has printed, or for a broken one.
pub(crate) fn seems_printed(joined: &[u8]) -> bool {
    let text = blanks::trim(joined);
    let is_open = matches!(text.first(), Some(b'[' | b'(' | b'{'));
    let is_closed = matches!(text.last(), Some(b']' | b')' | b'}'));
    let is_called =
        |name: &&str| text.strip_prefix(name.as_bytes()).is_some_and(|rest| rest.starts_with(b"("));
    let is_whole = is_closed && (is_open || FUNCTIONS.iter().any(is_called));
    is_whole || ((is_open || is_closed) && !text.contains(&LIST_SEPARATOR))
}

impl<'t> PrintedList<'t> {
    /// The list of a text that begins and ends with brackets.
    pub(crate) fn open(text: &'t str) -> Option<Self> {
        let text = text.trim();
        let called = |name: &&str| text.strip_prefix(*name)?.strip_prefix('(')?.strip_suffix(')');
        let text = match FUNCTIONS.iter().find_map(called).map(str::trim) {
            Some("") => return Some(Self::within("", false)),
            Some(text) => text,
            None => text,
        };
        let pairs = [('[', ']'), ('(', ')'), ('{', '}')];
        let within = |(open, close)| Some((text.strip_prefix(open)?.strip_suffix(close)?, open));
        let (rest, open) = pairs.into_iter().find_map(within)?;
        Some(Self::within(rest, open == '{'))
    }

    /// The list of the text between brackets.
    fn within(rest: &'t str, has_braces: bool) -> Self {
        Self { rest, has_braces, after_numbers: usize::MAX }
    }

    /// As [`open`](Self::open), if all elements can be read.
    pub(crate) fn read(text: &'t str) -> Option<Self> {
        Self::open(text).filter(|list| list.clone().all(|element| element.is_some()))
    }

    /// Takes the next element and the comma or the blanks after it.
    fn take(&mut self, rest: &'t str) -> Option<Option<Cow<'t, str>>> {
        let Element { text, rest, has_end } = self.element(rest)?;
        let after = rest.trim_start();
        self.rest = match after.strip_prefix(',') {
            Some(after) => after,
            None if after.is_empty() || (has_end && after.len() < rest.len()) => after,
            None => return None,
        };
        Some(text)
    }

    /// Reads an element at the beginning of `text`.
    fn element(&mut self, text: &'t str) -> Option<Element<'t>> {
        let prefixed = text.strip_prefix(['u', 'b']).filter(|text| text.starts_with(['\'', '"']));
        let text = prefixed.unwrap_or(text);
        match text.chars().next()? {
            quote @ ('\'' | '"') => {
                let (content, rest) = quoted(&text[1..], quote)?;
                Some(Element { text: Some(content), rest, has_end: true })
            }
            _ => match scalar_of_numpy(text) {
                Some((inner, rest)) => {
                    let Element { text, rest: more, .. } = self.element(inner.trim())?;
                    more.trim().is_empty().then_some(Element { text, rest, has_end: false })
                }
                None => self.bare(text),
            },
        }
    }

    /// Reads an element without quotes, up to the next comma, or up to the next blank if it is one of several numbers.
    ///
    /// Numbers between blanks are all checked with the first of them, so that a long list is read in linear time.
    fn bare(&mut self, text: &'t str) -> Option<Element<'t>> {
        if text.len() > self.after_numbers {
            return Some(self.number(text));
        }
        let end = text.find(',').unwrap_or(text.len());
        let word = text[..end].trim_end();
        let count = |c| word.matches(c).count();
        let is_nested = word.contains(['[', ']', '{', '}']) || count('(') != count(')');
        let is_pair = self.has_braces && word.contains(": ");
        let is_cut = word.split_whitespace().any(|word| word == "...");
        if word.is_empty() || is_nested || is_pair || is_cut {
            return None;
        }
        let is_number =
            |word: &str| word.parse::<f64>().is_ok() || truth(word.as_bytes()).is_some();
        if word.contains(char::is_whitespace) && word.split_whitespace().all(is_number) {
            self.after_numbers = text.len() - word.len();
            return Some(self.number(text));
        }
        Some(Element { text: self.present(word), rest: &text[end..], has_end: false })
    }

    /// The first of several numbers that have blanks between them.
    fn number(&self, text: &'t str) -> Element<'t> {
        let is_end = |c: char| c == ',' || c.is_whitespace();
        let (number, rest) = text.split_at(text.find(is_end).unwrap_or(text.len()));
        Element { text: self.present(number), rest, has_end: true }
    }

    /// An element without quotes; `None` if it means "missing".
    fn present(&self, word: &'t str) -> Option<Cow<'t, str>> {
        let is_missing = MISSING.iter().any(|missing| word.eq_ignore_ascii_case(missing));
        let whole = || whole_of_numpy(word).filter(|_| !self.has_braces);
        (!is_missing).then(|| whole().map_or(Cow::Borrowed(word), Cow::Owned))
    }
}

impl<'t> Iterator for PrintedList<'t> {
    type Item = Option<Cow<'t, str>>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let rest = self.rest.trim_start();
            if rest.is_empty() {
                return None;
            }
            let Some(element) = self.take(rest) else {
                self.rest = "";
                return Some(None);
            };
            let element = element.map(trimmed).filter(|element| !element.is_empty());
            if element.is_some() {
                return Some(element);
            }
        }
    }
}

/// The element without spaces around it.
fn trimmed(element: Cow<'_, str>) -> Cow<'_, str> {
    match element {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim_matches(' ')),
        Cow::Owned(text) => Cow::Owned(text.trim_matches(' ').to_owned()),
    }
}

/// The text `1.0` of a whole floating-point number, which NumPy prints as `1.`.
fn whole_of_numpy(word: &str) -> Option<String> {
    let (whole, rest) = word.split_once('.')?;
    let digits = whole.strip_prefix(['-', '+']).unwrap_or(whole);
    let is_whole = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let has_no_fraction = rest.is_empty() || rest.starts_with(['e', 'E']);
    let is_number = is_whole && has_no_fraction && word.parse::<f64>().is_ok();
    is_number.then(|| format!("{whole}.0{rest}"))
}

/// The value in a scalar of NumPy such as `np.int64(7)`, and the text after it.
fn scalar_of_numpy(text: &str) -> Option<(&str, &str)> {
    let is_of_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let rest = text.strip_prefix("np.")?.trim_start_matches(is_of_name).strip_prefix('(')?;
    let end = match rest.as_bytes().first()? {
        quote @ (b'\'' | b'"') => {
            let (_, after) = quoted(&rest[1..], char::from(*quote))?;
            rest.len() - after.len() + after.find(')')?
        }
        _ => rest.find(')')?,
    };
    Some((&rest[..end], &rest[end + 1..]))
}

/// The text up to the next quote, with its escapes resolved, and the text after the quote.
fn quoted(text: &str, quote: char) -> Option<(Cow<'_, str>, &str)> {
    let end = text.find([quote, '\\'])?;
    if text[end..].starts_with(quote) {
        return Some((Cow::Borrowed(&text[..end]), &text[end + 1..]));
    }
    let (mut content, mut rest) = (text[..end].to_owned(), &text[end..]);
    loop {
        if let Some(rest) = rest.strip_prefix(quote) {
            return Some((Cow::Owned(content), rest));
        }
        rest = escape(rest.strip_prefix('\\')?, &mut content)?;
        let next = rest.find([quote, '\\'])?;
        content.push_str(&rest[..next]);
        rest = &rest[next..];
    }
}

/// Resolves the escape after a backslash, as Python, JSON and Postgres have them; returns the text after it.
fn escape<'t>(text: &'t str, content: &mut String) -> Option<&'t str> {
    let mut chars = text.chars();
    let plain = match chars.next()? {
        c @ ('\\' | '\'' | '"' | '/') => c,
        'n' => '\n',
        't' => '\t',
        'r' => '\r',
        'b' => '\u{8}',
        'f' => '\u{c}',
        'v' => '\u{b}',
        'a' => '\u{7}',
        '0' => '\0',
        'x' => return code(&text[1..], 2, content),
        'u' => return code(&text[1..], 4, content),
        'U' => return code(&text[1..], 8, content),
        _ => return None,
    };
    content.push(plain);
    Some(chars.as_str())
}

/// Resolves a character by its code of `n` hexadecimal digits, or by two of them in UTF-16.
fn code<'t>(text: &'t str, n: usize, content: &mut String) -> Option<&'t str> {
    let hex = |text: &'t str| {
        let (digits, rest) = text.split_at_checked(n)?;
        let good = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        u32::from_str_radix(digits, 16).ok().filter(|_| good).map(|code| (code, rest))
    };
    let (first, rest) = hex(text)?;
    if n != 4 || !(0xd800..0xdc00).contains(&first) {
        content.push(char::from_u32(first)?);
        return Some(rest);
    }
    let (second, rest) = hex(rest.strip_prefix("\\u")?)?;
    let low = second.checked_sub(0xdc00).filter(|low| *low < 0x400)?;
    content.push(char::from_u32(0x1_0000 + ((first - 0xd800) << 10) + low)?);
    Some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_programs_are_lists_of_their_elements() {
        let cases: [(&str, &[&str]); 38] = [
            ("[1, 2]", &["1", "2"]),
            ("['a', 'b']", &["a", "b"]),
            (r#"["a","b"]"#, &["a", "b"]),
            ("{1,2}", &["1", "2"]),
            ("(1, 2)", &["1", "2"]),
            (r#"("a",)"#, &["a"]),
            ("(7,)", &["7"]),
            ("[]", &[]),
            ("{}", &[]),
            ("set()", &[]),
            ("[ ]", &[]),
            (" [ 1 ,2 ] ", &["1", "2"]),
            ("[1 2 3]", &["1", "2", "3"]),
            ("[ 1.5\n -2. ]", &["1.5", "-2.0"]),
            ("['a' 'b']", &["a", "b"]),
            ("[np.int64(1), np.float32(0.5)]", &["1", "0.5"]),
            ("[np.str_('a, (b)'), np.str_('c')]", &["a, (b)", "c"]),
            ("array([1, 2])", &["1", "2"]),
            ("frozenset({'a'})", &["a"]),
            ("{a,\"b c\",\"d,\\\"e\\\"\",NULL}", &["a", "b c", "d,\"e\""]),
            ("[a, big red, f(x)]", &["a", "big red", "f(x)"]),
            ("[None, 1, null, nan]", &["1"]),
            ("['None', 'null']", &["None", "null"]),
            ("['', ' a ']", &["a"]),
            (r#"["it's", 'a "b"']"#, &["it's", "a \"b\""]),
            (r"['it\'s', 'a\\b', '\x41\u00e9\U0001f600']", &["it's", "a\\b", "Aé😀"]),
            (r#"["\ud83d\ude00\/\n"]"#, &["😀/\n"]),
            ("[u'a', b'b']", &["a", "b"]),
            ("[True, False]", &["True", "False"]),
            ("['a|b', 'c']", &["a|b", "c"]),
            ("[(x)]", &["(x)"]),
            ("['[1]', '}']", &["[1]", "}"]),
            ("[big red]", &["big red"]),
            ("[1. 2.]", &["1.0", "2.0"]),
            ("[ True False]", &["True", "False"]),
            ("array([1.e+10, -1., 0.5])", &["1.0e+10", "-1.0", "0.5"]),
            ("{1.,v2.}", &["1.", "v2."]),
            ("[1 2 , 3 nan, 4]", &["1", "2", "3", "4"]),
        ];
        for (text, expected) in cases {
            let elements = printed_elements(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(elements, expected, "{text}");
        }
    }

    #[test]
    fn other_texts_are_not_lists() {
        for text in [
            "",
            "a",
            "1, 2",
            "[1, 2",
            "1, 2]",
            "[1, 2)",
            "[1,,2]",
            "[,]",
            "[[1], [2]]",
            "[(1, 2), (3, 4)]",
            "{'a': 1}",
            "{1: 2}",
            "{\"a\": [1]}",
            "['a, 'b']",
            "['a'b]",
            "['a'",
            "[']",
            r"['\q']",
            r"['\x4']",
            r"['\ud83d']",
            r"['\U00110000']",
            "[1 2 ... 9 10]",
            "[...]",
            "a [b]",
        ] {
            assert_eq!(printed_elements(text), None, "{text}");
        }
    }

    /// A list of a megabyte would take an hour in quadratic time.
    #[test]
    fn long_lists_are_read_in_linear_time() {
        const N: usize = 200_000;
        for (element, between) in
            [("0.25", " "), ("np.a", ", "), ("np.int64(7)", ", "), ("'a'", " ")]
        {
            let text = format!("[{}]", vec![element; N].join(between));
            let elements = printed_elements(&text).expect("a list");
            assert_eq!(elements.len(), N, "{element}");
        }
    }
}
