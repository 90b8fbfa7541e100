//! The values of a column as lists: their separator, their elements, and how long they are.
//!
//! A separator is considered from the first value on that contains it.
//! A column without separators costs no more than a search for them.

use memchr::memchr;

use super::label_counts::Label;
use super::numbers::number;
use super::value_counts::{DistinctCount, Entry, ValueCounts};

/// The characters that may separate the elements of a list.
pub(crate) const SEPARATORS: [char; 4] = ['|', ';', ',', ' '];

/// The values of a column, taken as lists with one separator.
#[derive(Clone, Debug)]
pub(crate) struct Lists {
    separator: char,
    /// The elements, without their weights.
    pub(crate) elements: ValueCounts,
    /// The number of elements.
    n: u64,
    /// The number of elements with a weight, as in `word:0.5`.
    weighted: u64,
    /// The number of elements that contain a digit.
    with_digit: u64,
    /// Whether an element has a colon that no weight follows, which an encoder of weights refuses.
    other_colons: bool,
    /// The largest number of elements of a value.
    longest: u64,
    /// The number of distinct values.
    values: u64,
    /// The number of distinct values with several elements.
    several: u64,
    /// The number of elements of the distinct values with several elements.
    of_several: u64,
}

/// The form of the lists in a column: their separator, length and elements.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ListForm {
    /// The character between two elements.
    pub separator: char,
    /// The number of distinct elements.
    pub distinct: DistinctCount,
    /// The mean number of elements of a value that is not missing.
    pub mean_length: f64,
    /// The largest number of elements of a value.
    pub longest: u64,
    /// The share of distinct values that have several elements.
    pub several: f64,
    /// The mean number of distinct values with several elements that an element occurs in.
    pub repeats: f64,
    /// The share of elements with a weight, as in `word:0.5`; 0 if some element has a colon without a weight.
    pub weighted: f64,
    /// The share of elements that contain a digit.
    pub with_digit: f64,
}

impl Lists {
    /// Lists with a separator that no value so far contains; `values` are the values so far.
    pub(crate) fn new(separator: char, values: &ValueCounts) -> Self {
        let elements = ValueCounts::default();
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
        values.entries().for_each(|entry| lists.add_single(entry));
        lists
    }

    /// Counts the rows of a value that is a list of one element.
    fn add_single(&mut self, entry: &Entry) {
        let (element, weighted) = without_weight(&entry.text);
        self.n += entry.counts.rows;
        self.weighted += if weighted { entry.counts.rows } else { 0 };
        self.with_digit += if has_digit(element) { entry.counts.rows } else { 0 };
        self.other_colons |= !weighted && element.contains(':');
        self.values += 1;
        self.elements.add_counts(element, entry.counts);
    }

    /// Counts a row with the value `text`; `is_new` if the value did not occur before.
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

    /// The form of the lists in `n` values.
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

    /// The character between two elements.
    pub(crate) fn separator(&self) -> char {
        self.separator
    }
}

/// Whether the text contains the separator.
pub(crate) fn contains(text: &str, separator: char) -> bool {
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
