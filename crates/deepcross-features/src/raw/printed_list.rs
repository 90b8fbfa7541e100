//! Lists as programs print them into one cell: `[1, 2]`, `['a', 'b']`, `["a","b"]`, `{1,2}`, `(1, 2)`, `("a",)`, `<1, 2>`
//! and `c(1, 2)`.
//!
//! These are the lists, tuples and sets of Python, the arrays of NumPy, JSON and Postgres, the lists of Java, and the
//! vectors of C++ and R.
//! Elements stand between commas, with quotes or without; after a quote, and between numbers or truth values, blanks are
//! enough, as in `[1 2 3]` of NumPy.
//! Elements that mean "missing" (`None`, `null`, `nan`, `<NA>`) are left out, as in a list of Parquet.
//! Numbers, texts and times that Python and NumPy print with their type, as `Decimal('1.5')` and `np.int64(7)`, are read.
//! A list within a list, pairs as in `{'a': 1}`, `{a:1}` and `c(a = 1)`, and texts with other types are not read.

use std::borrow::Cow;

use crate::blanks;
use crate::raw::spelling::truth;

/// The separator between the elements of a list that is not printed: the default of multi-hot fields.
pub const LIST_SEPARATOR: u8 = b'|';

/// The functions that Python and NumPy print around a collection.
const FUNCTIONS: [&str; 3] = ["set", "frozenset", "array"];

/// The functions that R prints around a vector or a list of elements.
const FUNCTIONS_OF_R: [&str; 2] = ["c", "list"];

/// The types that programs print around the text of one element.
const TYPES: [&str; 5] = ["Decimal", "Fraction", "Timestamp", "UUID", "datetime64"];

/// The texts of elements that are missing, unless they have quotes.
const MISSING: [&str; 4] = ["none", "null", "nan", "<na>"];

/// The elements of a printed list; `None` for the first one that is not written as an element.
#[derive(Clone, Debug)]
pub(crate) struct PrintedList<'t> {
    rest: &'t str,
    brackets: Brackets,
    /// Blanks separate numbers as long as more than this number of bytes are left.
    after_numbers: usize,
}

/// The brackets around a list, as far as they say what its elements are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Brackets {
    /// Those of Postgres, of sets, and of dictionaries, which are not lists.
    Braces,
    /// Those of a function of R.
    OfR,
    Other,
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
pub fn seems_printed(joined: &[u8]) -> bool {
    let text = blanks::trim(joined);
    let is_open = matches!(text.first(), Some(b'[' | b'(' | b'{'));
    let is_closed = matches!(text.last(), Some(b']' | b')' | b'}'));
    let is_called =
        |name: &&str| text.strip_prefix(name.as_bytes()).is_some_and(|rest| rest.starts_with(b"("));
    let is_call = || FUNCTIONS.iter().chain(&FUNCTIONS_OF_R).any(is_called);
    let is_whole = (is_closed && (is_open || is_call())) || is_in_angles(text);
    is_whole || ((is_open || is_closed) && !text.contains(&LIST_SEPARATOR))
}

impl<'t> PrintedList<'t> {
    /// The list of a text that begins and ends with brackets.
    pub(crate) fn open(text: &'t str) -> Option<Self> {
        let text = text.trim();
        let called = |name: &&str| text.strip_prefix(*name)?.strip_prefix('(')?.strip_suffix(')');
        if let Some(vector) = FUNCTIONS_OF_R.iter().find_map(called) {
            return Some(Self::within(vector, Brackets::OfR));
        }
        if is_in_angles(text.as_bytes()) {
            return Some(Self::within(&text[1..text.len() - 1], Brackets::Other));
        }
        let text = match FUNCTIONS.iter().find_map(called).map(str::trim) {
            Some("") => return Some(Self::within("", Brackets::Other)),
            Some(text) => text,
            None => text,
        };
        let pairs = [('[', ']'), ('(', ')'), ('{', '}')];
        let within = |(open, close)| Some((text.strip_prefix(open)?.strip_suffix(close)?, open));
        let (rest, open) = pairs.into_iter().find_map(within)?;
        Some(Self::within(rest, if open == '{' { Brackets::Braces } else { Brackets::Other }))
    }

    /// The list of the text between brackets.
    fn within(rest: &'t str, brackets: Brackets) -> Self {
        Self { rest, brackets, after_numbers: usize::MAX }
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
            _ => match typed_element(text) {
                Some(inner_and_rest) => {
                    let (inner, rest) = inner_and_rest?;
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
        let is_pair = match self.brackets {
            Brackets::Braces => is_pair(word),
            Brackets::OfR => word.contains('='),
            Brackets::Other => false,
        };
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
        let is_missing = is_missing || (self.brackets == Brackets::OfR && word == "NA");
        let whole = || match self.brackets {
            Brackets::Braces => None,
            Brackets::OfR => whole_of_r(word).map(str::to_owned),
            Brackets::Other => whole_of_numpy(word),
        };
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

/// The digits of a whole number, which R prints as `1L`.
fn whole_of_r(word: &str) -> Option<&str> {
    let digits = word.strip_suffix('L')?;
    digits.parse::<i64>().is_ok().then_some(digits)
}

/// Whether the text is a list between `<` and `>`; one word between them is a text of its own, such as `<b>`.
fn is_in_angles(text: &[u8]) -> bool {
    let inner = text.strip_prefix(b"<").and_then(|text| text.strip_suffix(b">"));
    inner.is_some_and(|inner| inner.contains(&b',') && !inner.contains(&b'<'))
}

/// Whether a word in braces is a name or a number with a value, as in `{a:1}`, and neither a time of day nor an address.
fn is_pair(word: &str) -> bool {
    let Some((name, value)) = word.split_once(':') else { return false };
    let is_name = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_');
    let is_digit = |text: &str, at: usize| text.as_bytes().get(at).is_some_and(u8::is_ascii_digit);
    let is_time = name.parse::<u8>().is_ok() && is_digit(value, 0) && is_digit(value, 1);
    value.starts_with(' ') || (is_name && !is_time && !value.starts_with("//"))
}

/// The value in an element that is printed with its type, such as `np.int64(7)` or `Decimal('1.5')`, and the text after
/// it; the inner `None` if a text has another type.
fn typed_element(text: &str) -> Option<Option<(&str, &str)>> {
    let is_of_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
    let rest = text.trim_start_matches(is_of_name);
    let name = &text[..text.len() - rest.len()];
    let rest = rest.strip_prefix('(').filter(|_| !name.is_empty())?;
    let is_of_numpy = name.starts_with("np.") || name.starts_with("numpy.");
    let is_known = is_of_numpy || TYPES.contains(&name.rsplit('.').next().unwrap_or_default());
    let end = match rest.as_bytes().first()? {
        quote @ (b'\'' | b'"') => {
            let closed = || {
                let (_, after) = quoted(&rest[1..], char::from(*quote))?;
                Some(rest.len() - after.len() + after.find(')')?)
            };
            match closed().filter(|_| is_known) {
                Some(end) => end,
                None => return Some(None),
            }
        }
        _ if is_known => rest.find(')')?,
        _ => return None,
    };
    Some(Some((&rest[..end], &rest[end + 1..])))
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
        let cases: [(&str, &[&str]); 50] = [
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
            ("c(1, 2)", &["1", "2"]),
            ("c(1L, NA, -2L)", &["1", "-2"]),
            (r#"c("a", "NA", "b c")"#, &["a", "NA", "b c"]),
            ("list('a', 2)", &["a", "2"]),
            ("c()", &[]),
            ("<1,2,3>", &["1", "2", "3"]),
            ("<'a', b>", &["a", "b"]),
            ("[Decimal('1.5'), Decimal('2')]", &["1.5", "2"]),
            ("[UUID('a-1'), decimal.Decimal(3)]", &["a-1", "3"]),
            ("[Timestamp('2024-01-02 03:04:05')]", &["2024-01-02 03:04:05"]),
            ("{12:30,07:05:00,http://a}", &["12:30", "07:05:00", "http://a"]),
            ("[numpy.float64(0.5)]", &["0.5"]),
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
            "{a:1}",
            "{a:1,b:2}",
            "{1:2}",
            "c(a = 1)",
            "c(1, c(2, 3))",
            "<b>",
            "<1,<2>>",
            "[Point('a'), Point('b')]",
            "[datetime.date(2024, 1, 2)]",
            "[Decimal('1.5)]",
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
