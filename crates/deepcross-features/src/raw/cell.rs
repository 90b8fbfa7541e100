//! Cells: the values of rows as a reader hands them on, as text or typed, and the text of a typed value.
//!
//! A typed value counts as the text that the same value has in a text file, so that the same rows give the same ids,
//! numbers and held-out rows in any format.
//! [`Cell::spell`] decides on this text, and the module [`json`](crate::json) on that of a value of JSON.

use std::fmt::{self, Write};

use crate::blanks;
use crate::limits::in_range;
use crate::raw::printed_list::{LIST_SEPARATOR, seems_printed};
use crate::raw::value::{RUN, Value};
use crate::raw::value_text::Missing;
use crate::times::instant::{Instant, write_day};

/// The value of a row in one column.
#[derive(Clone, Copy, Debug)]
pub enum Cell<'a> {
    /// No value, which is missing; its text is empty.
    Null,
    /// Text, which need not be UTF-8.
    Text(&'a [u8]),
    /// A whole number.
    Integer(i64),
    /// A whole number that is not negative.
    Unsigned(u64),
    /// A number of single precision.
    Single(f32),
    /// A number of double precision.
    Double(f64),
    /// A truth value: `true` or `false` as an id, 1 or 0 as a number.
    Boolean(bool),
    /// A day, as the number of days since 1970-01-01.
    Day(i64),
    /// A moment.
    Instant(Instant),
    /// A date and a time of day that the clock of some place showed, as the moment at which one in UTC shows them.
    LocalTime(Instant),
    /// Several values.
    List(CellList<'a>),
}

/// The elements of a list: a range of the values of a column.
#[derive(Clone, Copy)]
pub struct CellList<'a> {
    /// The column that holds the elements of all lists.
    pub cells: &'a dyn Cells,
    /// The position of the first element.
    pub start: usize,
    /// The position after the last element.
    pub end: usize,
    /// Whether the text of the list has no blanks at its ends, as if it were a trimmed field of a text file.
    pub trim: bool,
}

/// A column of cells.
pub trait Cells: Send + Sync {
    /// The cell at a position, which must be that of a row or an element.
    fn cell(&self, at: usize) -> Cell<'_>;
}

impl fmt::Debug for CellList<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl<'a> CellList<'a> {
    /// The elements, in order.
    pub fn iter(&self) -> impl Iterator<Item = Cell<'a>> + use<'a> {
        let cells = self.cells;
        (self.start..self.end).map(|at| cells.cell(at))
    }

    /// Writes the numbers of the list into `row`, up to its end, in single precision, and returns how many there are.
    ///
    /// They are those that are read from the text of the list. Returns `None` if this text must decide: an element is
    /// missing, or is not a finite number in the range of `f32`.
    pub(crate) fn write_numbers(&self, row: &mut [f32]) -> Option<usize> {
        for (at, cell) in self.iter().enumerate() {
            let number = match cell {
                Cell::Single(number) if number.is_finite() => number,
                Cell::Double(number) if in_range(number) => number as f32,
                Cell::Integer(number) => number as f64 as f32,
                Cell::Unsigned(number) => number as f64 as f32,
                _ => return None,
            };
            if let Some(place) = row.get_mut(at) {
                *place = number;
            }
        }
        Some(self.end - self.start)
    }
}

impl<'a> Cell<'a> {
    /// The text of a cell that is text or missing; `None` if the cell is typed.
    #[inline]
    pub fn plain_text(self) -> Option<&'a [u8]> {
        match self {
            Self::Text(text) => Some(text),
            Self::Null => Some(&[]),
            _ => None,
        }
    }

    /// The value of a cell that is text or missing; `None` if the cell is typed, or if its text is not valid UTF-8.
    #[inline]
    pub fn value(self) -> Option<Value<'a>> {
        match self {
            Self::Text(text) => str::from_utf8(text).is_ok().then(|| Value::new(text)),
            Self::Null => Some(Value::NULL),
            _ => None,
        }
    }

    /// The text of the cell as a value of a field, as by [`spell_value`](Self::spell_value); `None` if there is no value.
    #[inline]
    pub(crate) fn text_of_value<'t>(self, scratch: &'t mut Vec<u8>) -> Option<&'t [u8]>
    where
        'a: 't,
    {
        match self {
            Self::Null => None,
            Self::Text(text) => Some(text),
            cell => {
                scratch.clear();
                cell.spell_value(scratch);
                Some(scratch)
            }
        }
    }

    /// The text of the cell, which is written to `scratch` if the cell is typed.
    #[inline]
    pub fn text<'t>(self, scratch: &'t mut Vec<u8>) -> &'t [u8]
    where
        'a: 't,
    {
        self.plain_text().unwrap_or_else(|| {
            scratch.clear();
            self.spell(scratch);
            scratch
        })
    }

    /// Appends the text of the cell; a missing value has no text.
    ///
    /// Numbers have the fewest digits from which they can be read back; booleans are `true` and `false`; instants are as in
    /// `2024-02-29T12:30:00Z`, and local times as in `2024-02-29T12:30:00`; the elements of a list have `|` between them,
    /// and missing elements are left out; `|` comes first if the text would be that of a list as programs print it.
    pub fn spell(self, text: &mut Vec<u8>) {
        self.write(text, "");
    }

    /// As [`spell`](Self::spell), for a field: a whole floating-point number has the fraction `.0`, as in the text files of
    /// most programs, so that the field knows that it may have been rounded.
    pub(crate) fn spell_value(self, text: &mut Vec<u8>) {
        self.write(text, ".0");
    }

    /// Appends the text of the cell; `zero` is the fraction of a whole floating-point number.
    fn write(self, text: &mut Vec<u8>, zero: &str) {
        match self {
            Self::Null => {}
            Self::Text(bytes) => text.extend_from_slice(bytes),
            Self::Boolean(is_true) => put(text, format_args!("{is_true}")),
            Self::Integer(number) => put(text, format_args!("{number}")),
            Self::Unsigned(number) => put(text, format_args!("{number}")),
            Self::Single(number) if number.fract() == 0.0 => {
                put(text, format_args!("{number}{zero}"))
            }
            Self::Double(number) if number.fract() == 0.0 => {
                put(text, format_args!("{number}{zero}"))
            }
            Self::Single(number) => put(text, format_args!("{number}")),
            Self::Double(number) => put(text, format_args!("{number}")),
            Self::Day(day) => write_to(text, |text| write_day(day, text)),
            Self::Instant(instant) => put(text, format_args!("{instant}")),
            Self::LocalTime(time) => write_to(text, |text| time.write_local(text)),
            Self::List(list) => spell_list(list, text, zero),
        }
    }

    /// The number that the text of the cell would be read as, if the cell is a finite number and this is known without
    /// its text.
    pub(crate) fn number(self) -> Option<f64> {
        match self {
            Self::Integer(number) => Some(number as f64),
            Self::Unsigned(number) => Some(number as f64),
            // The text of any other single number is that of another double number.
            Self::Single(number) if number.trunc() == number && number.abs() < 16_777_216.0 => {
                Some(number.into())
            }
            Self::Double(number) if number.is_finite() => Some(number),
            Self::Boolean(is_true) => Some(is_true.into()),
            _ => None,
        }
    }

    /// The [`number`](Self::number) of the cell, if a number field can read it, or `None` within if the cell is missing;
    /// `None` if the text of the cell must decide.
    #[inline]
    pub(crate) fn number_or_missing(self, missing: &Missing<'_>) -> Option<Option<f64>> {
        match self {
            Self::Null => Some(None),
            _ if missing.has_numbers() => None,
            cell => cell.number().filter(|&number| in_range(number)).map(Some),
        }
    }
}

/// Up to [`RUN`] typed numbers of one column.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NumberRun {
    numbers: [f64; RUN],
    len: usize,
    missing: u32,
}

impl NumberRun {
    /// The numbers of up to [`RUN`] cells; `None` if the text of one of them must decide.
    pub(crate) fn of<'c>(
        cells: impl Iterator<Item = Cell<'c>>,
        missing: &Missing<'_>,
    ) -> Option<Self> {
        let mut run = Self { numbers: [0.0; RUN], len: 0, missing: 0 };
        for (number, cell) in run.numbers.iter_mut().zip(cells) {
            match cell.number_or_missing(missing)? {
                Some(known) => *number = known,
                None => run.missing |= 1 << run.len,
            }
            run.len += 1;
        }
        Some(run)
    }

    /// The numbers; 0 for a missing one.
    pub(crate) fn numbers(&self) -> &[f64] {
        &self.numbers[..self.len]
    }

    /// A bit for each number that is missing, the first one lowest.
    pub(crate) fn missing(&self) -> u32 {
        self.missing
    }
}

fn spell_list(list: CellList<'_>, text: &mut Vec<u8>, zero: &str) {
    let start = text.len();
    for element in list.iter().filter(|element| !matches!(element, Cell::Null)) {
        if text.len() > start {
            text.push(LIST_SEPARATOR);
        }
        element.write(text, zero);
    }
    if seems_printed(&text[start..]) {
        text.insert(start, LIST_SEPARATOR);
    }
    if list.trim {
        blanks::trim_end_of(text, start);
    }
}

fn put(text: &mut Vec<u8>, value: fmt::Arguments<'_>) {
    write_to(text, |text| text.write_fmt(value));
}

fn write_to(text: &mut Vec<u8>, write: impl FnOnce(&mut Text<'_>) -> fmt::Result) {
    // Writing to memory does not fail.
    write(&mut Text(text)).unwrap_or_default();
}

/// Bytes to which text is appended.
struct Text<'t>(&'t mut Vec<u8>);

impl Write for Text<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.extend_from_slice(text.as_bytes());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Elements(Vec<Option<i64>>);

    impl Cells for Elements {
        fn cell(&self, at: usize) -> Cell<'_> {
            self.0[at].map_or(Cell::Null, Cell::Integer)
        }
    }

    fn spelled(cell: Cell<'_>) -> String {
        let mut text = Vec::new();
        cell.spell(&mut text);
        String::from_utf8(text).expect("the text is UTF-8")
    }

    #[test]
    fn cells_have_the_text_of_text_files() {
        let elements = Elements(vec![None, Some(1), None, Some(-2), Some(3)]);
        let list = |start, end| Cell::List(CellList { cells: &elements, start, end, trim: false });
        let time = |seconds, nanoseconds| Cell::LocalTime(Instant::new(seconds, nanoseconds));
        for (cell, expected) in [
            (Cell::Null, ""),
            (Cell::Text(b" a"), " a"),
            (Cell::Integer(i64::MIN), "-9223372036854775808"),
            (Cell::Unsigned(u64::MAX), "18446744073709551615"),
            (Cell::Single(0.1), "0.1"),
            (Cell::Double(0.1_f32.into()), "0.10000000149011612"),
            (Cell::Single(39.0), "39"),
            (Cell::Double(-0.0), "-0"),
            (Cell::Double(f64::NAN), "NaN"),
            (Cell::Double(f64::NEG_INFINITY), "-inf"),
            (Cell::Double(1e21), "1000000000000000000000"),
            (Cell::Boolean(true), "true"),
            (Cell::Boolean(false), "false"),
            (Cell::Day(0), "1970-01-01"),
            (Cell::Day(-1), "1969-12-31"),
            (Cell::Day(19_782), "2024-02-29"),
            (Cell::Day(-719_529), "-0001-12-31"),
            (Cell::Day(2_932_897), "+10000-01-01"),
            (time(1_709_209_800, 0), "2024-02-29T12:30:00"),
            (time(-1, 500_000_000), "1969-12-31T23:59:59.500"),
            (time(0, 1_000), "1970-01-01T00:00:00.000001"),
            (time(0, 7), "1970-01-01T00:00:00.000000007"),
            (Cell::Instant(Instant::new(1_709_209_800, 0)), "2024-02-29T12:30:00Z"),
            (Cell::Instant(Instant::new(-1, 500_000_000)), "1969-12-31T23:59:59.500Z"),
            (list(0, 5), "1|-2|3"),
            (list(0, 1), ""),
            (list(3, 5), "-2|3"),
        ] {
            assert_eq!(spelled(cell), expected, "{cell:?}");
        }
    }

    #[test]
    fn fields_see_that_a_whole_number_is_a_floating_point_number() {
        for (cell, expected) in [
            (Cell::Double(39.0), Some("39.0")),
            (Cell::Single(-0.0), Some("-0.0")),
            (Cell::Double(0.5), Some("0.5")),
            (Cell::Double(f64::INFINITY), Some("inf")),
            (Cell::Integer(39), Some("39")),
            (Cell::Text(b"39"), Some("39")),
            (Cell::Null, None),
        ] {
            let mut scratch = b"before".to_vec();
            let expected = expected.map(str::as_bytes);
            assert_eq!(cell.text_of_value(&mut scratch), expected, "{cell:?}");
        }
    }

    #[test]
    fn a_list_is_trimmed_as_a_whole() {
        struct Texts(&'static [&'static str]);
        impl Cells for Texts {
            fn cell(&self, at: usize) -> Cell<'_> {
                Cell::Text(self.0[at].as_bytes())
            }
        }
        for (elements, expected) in [
            (&[" a ", "b\n"][..], "a |b"),
            (&["a", " b"], "a| b"),
            (&["\t \n"], ""),
            (&["", " "], ""),
            (&[" ", "a"], "|a"),
            (&["(500) Days", "Up (2009)"], "|(500) Days|Up (2009)"),
            (&["a", "Up (2009)"], "a|Up (2009)"),
            (&["Up (2009) "], "|Up (2009)"),
            (&["set(1)", "set(2)"], "|set(1)|set(2)"),
            (&[], ""),
        ] {
            let mut text = b"before ".to_vec();
            let (cells, end) = (&Texts(elements), elements.len());
            Cell::List(CellList { cells, start: 0, end, trim: true }).spell(&mut text);
            assert_eq!(text, format!("before {expected}").as_bytes(), "{elements:?}");
        }
    }
}
