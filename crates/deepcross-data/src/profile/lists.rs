//! Whether the values of a column are lists, and of what.
//!
//! A separator is looked at from the first value on that holds it; columns without any cost no more
//! than a search for it.

use memchr::memchr;

use super::numbers::number;
use super::tally::Label;
use super::values::{Count, Entry, Values};

/// What may stand between the elements of a list.
pub(crate) const SEPARATORS: [char; 4] = ['|', ';', ',', ' '];

/// The values of a column, taken for lists with one separator.
#[derive(Clone, Debug)]
pub(crate) struct Lists {
    separator: char,
    /// The elements, without their weights.
    pub(crate) elements: Values,
    /// How many elements there are, how many of them with a weight as in `word:0.5`, and how many
    /// that hold a digit.
    n: u64,
    weighted: u64,
    with_digit: u64,
    /// Whether an element has a colon that no weight follows, which an encoder of weights refuses.
    other_colons: bool,
    /// The most elements of a value.
    longest: u64,
    /// Distinct values, those of several elements, and the elements of all of these.
    values: u64,
    several: u64,
    of_several: u64,
}

/// What the lists of a column are like.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ListForm {
    /// What stands between two elements.
    pub separator: char,
    /// The number of distinct elements.
    pub distinct: Count,
    /// The mean number of elements of a value that is not missing.
    pub mean_length: f64,
    /// The largest number of elements of a value.
    pub longest: u64,
    /// The share of distinct values that have several elements.
    pub several: f64,
    /// In how many distinct values of several elements an element stands, on average.
    pub repeats: f64,
    /// The share of elements with a weight, as in `word:0.5`; 0 where some have a colon and none.
    pub weighted: f64,
    /// The share of elements that hold a digit.
    pub with_digit: f64,
}

impl Lists {
    /// Lists with a separator that no value so far, all of them in `values`, has held.
    pub(crate) fn new(separator: char, values: &Values) -> Self {
        let elements = Values::default();
        let mut lists = Self {
            separator,
            elements,
            n: 0,
            weighted: 0,
            with_digit: 0,
            other_colons: false,
            longest: 1,
            values: 0,
            several: 0,
            of_several: 0,
        };
        values.entries().for_each(|entry| lists.take_over(entry));
        lists
    }

    /// Counts the rows of a value of one element.
    fn take_over(&mut self, entry: &Entry) {
        let (element, weighted) = without_weight(&entry.text);
        self.n += entry.tally.rows;
        self.weighted += if weighted { entry.tally.rows } else { 0 };
        self.with_digit += if has_digit(element) { entry.tally.rows } else { 0 };
        self.other_colons |= !weighted && element.contains(':');
        self.values += 1;
        self.elements.add_tally(element, entry.tally);
    }

    /// Counts a row of `text`; `is_new` where it was not met before.
    pub(crate) fn add(&mut self, text: &str, label: Option<Label>, is_new: bool) {
        let mut length = 0;
        let parts = text.split(self.separator).map(str::trim);
        for (element, weighted) in parts.filter(|part| !part.is_empty()).map(without_weight) {
            self.elements.add(element.as_bytes(), label);
            self.weighted += u64::from(weighted);
            self.other_colons |= !weighted && element.contains(':');
            self.with_digit += u64::from(has_digit(element));
            length += 1;
        }
        self.n += length;
        self.longest = self.longest.max(length);
        if is_new {
            self.values += 1;
            self.several += u64::from(length > 1);
            self.of_several += if length > 1 { length } else { 0 };
        }
    }

    /// What was met in `n` values.
    pub(crate) fn form(&self, n: u64) -> ListForm {
        let distinct = self.elements.distinct();
        let share = |part, of: u64| part as f64 / of.max(1) as f64;
        ListForm {
            separator: self.separator,
            distinct,
            mean_length: share(self.n, n),
            longest: self.longest,
            several: share(self.several, self.values),
            repeats: share(self.of_several, distinct.n),
            weighted: if self.other_colons { 0.0 } else { share(self.weighted, self.n) },
            with_digit: share(self.with_digit, self.n),
        }
    }

    pub(crate) fn separator(&self) -> char {
        self.separator
    }
}

/// Whether the separator stands in the text.
pub(crate) fn holds(text: &str, separator: char) -> bool {
    memchr(separator as u8, text.as_bytes()).is_some()
}

/// The element without its weight, and whether it has one.
fn without_weight(element: &str) -> (&str, bool) {
    match element.rsplit_once(':') {
        Some((element, weight)) if !element.is_empty() && number(weight).is_some() => {
            (element, true)
        }
        _ => (element, false),
    }
}

fn has_digit(element: &str) -> bool {
    element.bytes().any(|c| c.is_ascii_digit())
}
