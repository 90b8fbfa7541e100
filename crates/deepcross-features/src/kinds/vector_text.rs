//! The numbers of a vector in a text: as programs print lists, as in `[0.5, -1]`, or with separators between them.
//!
//! Numbers have no blank, comma, semicolon or `|` within them, so that each of these separates two of them.

use crate::kinds::number_form::NumberForm;
use crate::missing_spellings::missing_spelling;
use crate::raw::odd_number::OddNumber;
use crate::raw::printed_list::PrintedList;
use crate::raw::value_text::ValueError;

const NOT_VECTOR: ValueError = ValueError::Expected(
    "a vector of finite numbers in the range of f32, such as `[0.5, -1]` or `0.5|-1`",
);

/// The brackets that may stand around a vector.
const BRACKETS: [(char, char); 4] = [('[', ']'), ('(', ')'), ('{', '}'), ('<', '>')];

/// The fewest numbers of a text that is taken for a vector, if it has brackets or `|`.
const FEWEST: usize = 2;

/// The same for any other text: `1 234.5` may be one number.
const FEWEST_BARE: usize = 3;

/// The numbers of a text that are looked at for fractions.
const LOOKED_AT: usize = 16;

/// A text that looks like a vector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeenVector {
    /// The number of its numbers.
    pub width: usize,
    /// Whether one of its first 16 numbers is not whole, so that they do not look like ids.
    pub has_fraction: bool,
}

impl SeenVector {
    /// The vector that a text looks like; `None` if it may be something else.
    pub fn of(text: &str) -> Option<Self> {
        let is_marked = text.contains('|') || within_brackets(text).is_some();
        let mut first = [0.0; LOOKED_AT];
        let width = read_vector(text, None, &mut first).ok()?;
        let least = if is_marked { FEWEST } else { FEWEST_BARE };
        let is_vector = width >= least && OddNumber::of(text).is_none();
        let has_fraction = first.iter().any(|number| number.fract() != 0.0);
        is_vector.then_some(Self { width, has_fraction })
    }
}

/// Reads the numbers of a vector into `row`, up to its end, and returns how many there are.
///
/// `separator` may stand between two numbers, too.
pub(crate) fn read_vector(
    text: &str,
    separator: Option<char>,
    row: &mut [f32],
) -> Result<usize, ValueError> {
    let is_separator =
        |c: char| matches!(c, ' ' | ',' | ';' | '|') || c.is_whitespace() || Some(c) == separator;
    let between = within_brackets(text).unwrap_or(text);
    let parts = between.split(is_separator).filter(|part| !part.is_empty());
    read_numbers(parts.clone(), row).or_else(|error| {
        // Other forms, such as `array([0.5, -1])` and `["0.5", "-1"]`, whose missing elements would be left out.
        let has_missing = || parts.clone().any(|part| missing_spelling(part.as_bytes()).is_some());
        let list = PrintedList::read(text).filter(|_| !has_missing()).ok_or(error)?;
        let elements: Vec<_> = list.flatten().collect();
        read_numbers(elements.iter().map(|element| &**element), row)
    })
}

/// The text within one pair of brackets.
fn within_brackets(text: &str) -> Option<&str> {
    let text = text.trim();
    let within = |(open, close)| text.strip_prefix(open)?.strip_suffix(close);
    BRACKETS.into_iter().find_map(within)
}

fn read_numbers<'t>(
    parts: impl Iterator<Item = &'t str>,
    row: &mut [f32],
) -> Result<usize, ValueError> {
    let mut n = 0;
    for part in parts {
        let number = NumberForm::default().parse(part).map_err(|_| NOT_VECTOR)?;
        if let Some(place) = row.get_mut(n) {
            *place = number as f32;
        }
        n += 1;
    }
    Ok(n)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vector_is_read_in_each_notation() {
        for text in [
            "[0.5, -1, 2e3]",
            "[0.5 -1 2000.]",
            "[ 0.5\n -1.\t 2000. ]",
            "(0.5,-1,2000)",
            "{0.5,-1,2000}",
            "<0.5, -1, 2000>",
            "array([0.5, -1., 2000.])",
            "[\"0.5\", \"-1\", \"2000\"]",
            "[np.float32(0.5), np.float32(-1.0), np.float32(2000.0)]",
            "c(0.5, -1, 2000)",
            "0.5|-1|2000",
            "|0.5|-1|2000",
            "0.5 -1 2000",
            "0.5;-1;2000",
            "0.5, -1, 2000",
        ] {
            let mut row = [9.0; 4];
            assert_eq!(read_vector(text, None, &mut row), Ok(3), "{text}");
            assert_eq!(row, [0.5, -1.0, 2000.0, 9.0], "{text}");
        }
        assert_eq!(read_vector("0.5:-1", Some(':'), &mut []), Ok(2));
        assert_eq!(read_vector("[]", None, &mut []), Ok(0));
    }

    #[test]
    fn other_texts_are_refused() {
        for text in
            ["a", "[0.5, b]", "0.5:-1", "[0.5, nan]", "1e39 1", "[[1, 2], [3, 4]]", "[0.5, inf]"]
        {
            assert_eq!(read_vector(text, None, &mut [0.0; 4]), Err(NOT_VECTOR), "{text}");
        }
    }

    #[test]
    fn texts_that_may_be_something_else_do_not_look_like_vectors() {
        let seen = |width, has_fraction| Some(SeenVector { width, has_fraction });
        for (text, expected) in [
            ("[0.5, 1]", seen(2, true)),
            ("1|2|3", seen(3, false)),
            ("0.5 1 2", seen(3, true)),
            ("0.5,1", None),
            ("1 234.5", None),
            ("1,234,567.89", None),
            ("0.5", None),
            ("[0.5]", None),
            ("12.5 km 3", None),
        ] {
            assert_eq!(SeenVector::of(text), expected, "{text}");
        }
    }
}
