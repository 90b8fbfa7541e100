//! The values of a column as lists: their notation, their elements, and how long they are.
//!
//! A separator is considered from the first value on that contains it.
//! A column without separators costs no more than a search for them.

use std::borrow::Cow;

use deepcross_features::{LIST_SEPARATOR, printed_elements};
use memchr::memchr;

use super::label_counts::{Label, LabelCounts};
use super::numbers::number;
use super::value_counts::{DistinctCount, Entry, ValueCounts};

/// The characters that may separate the elements of a list.
pub(crate) const SEPARATORS: [char; 4] = ['|', ';', ',', ' '];

/// How lists are written into a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ListNotation {
    /// With this character between two elements.
    Separator(char),
    /// As programs print them, in brackets: `[1, 2]`, `['a', 'b']`, `{1,2}`.
    Printed,
}

/// The values of a column, taken as lists of one notation.
#[derive(Clone, Debug)]
pub(crate) struct Lists {
    notation: ListNotation,
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

/// The form of the lists in a column: their notation, length and elements.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ListForm {
    /// How the lists are written.
    pub notation: ListNotation,
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
    /// Whether a format with typed lists holds them, so that their text in other files may have brackets.
    pub is_typed: bool,
}

/// The share of elements with a weight from which on all of them are taken for weighted.
const WEIGHTED: f64 = 0.9;

impl ListForm {
    /// Whether the elements have weights.
    pub(crate) fn is_weighted(&self) -> bool {
        self.weighted > WEIGHTED
    }

    /// The elements of a value, without their weights.
    pub(crate) fn elements<'t>(&self, text: &'t str) -> Vec<Cow<'t, str>> {
        let one = |part: &'t str| if self.is_weighted() { without_weight(part).0 } else { part };
        let single = || parts(text, char::from(LIST_SEPARATOR)).map(Cow::from).collect();
        match self.notation {
            ListNotation::Separator(separator) => {
                parts(text, separator).map(one).map(Cow::from).collect()
            }
            ListNotation::Printed => printed_elements(text).unwrap_or_else(single),
        }
    }
}

impl Lists {
    /// Lists of a notation that no value so far has; `values` are the values so far.
    pub(crate) fn new<T: Copy>(notation: ListNotation, values: &ValueCounts<T>) -> Self {
        let elements = ValueCounts::default();
        let mut lists = Self {
            notation,
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
    fn add_single<T>(&mut self, entry: &Entry<T>) {
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
        let length = match self.notation {
            ListNotation::Separator(separator) => self.add_parts(text, separator, label),
            ListNotation::Printed => self.add_printed(text, label),
        };
        self.n += length;
        self.longest = self.longest.max(length);
        if is_new {
            self.values += 1;
            self.several += u64::from(length > 1);
            self.of_several += if length > 1 { length } else { 0 };
        }
    }

    /// Counts the elements between separators, and returns their number.
    fn add_parts(&mut self, text: &str, separator: char, label: Option<Label>) -> u64 {
        let mut length = 0;
        for (element, weighted) in parts(text, separator).map(without_weight) {
            self.elements.add(element.as_bytes(), label);
            self.weighted += u64::from(weighted);
            self.other_colons |= !weighted && element.contains(':');
            self.with_digit += u64::from(has_digit(element));
            length += 1;
        }
        length
    }

    /// Counts the elements in brackets, and returns their number.
    fn add_printed(&mut self, text: &str, label: Option<Label>) -> u64 {
        let elements = printed_elements(text).unwrap_or_default();
        elements.iter().for_each(|element| {
            self.elements.add(element.as_bytes(), label);
        });
        elements.len() as u64
    }

    /// Takes the rows of a value away.
    pub(crate) fn remove(&mut self, text: &str, counts: LabelCounts) {
        let ListNotation::Separator(separator) = self.notation else { return };
        let mut length = 0;
        for (element, weighted) in parts(text, separator).map(without_weight) {
            self.elements.subtract(element.as_bytes(), counts);
            self.n = self.n.saturating_sub(counts.rows);
            let less =
                |n: u64, counts_as: bool| n.saturating_sub(if counts_as { counts.rows } else { 0 });
            self.weighted = less(self.weighted, weighted);
            self.with_digit = less(self.with_digit, has_digit(element));
            length += 1;
        }
        self.values = self.values.saturating_sub(1);
        self.several = self.several.saturating_sub(u64::from(length > 1));
        self.of_several = self.of_several.saturating_sub(if length > 1 { length } else { 0 });
    }

    /// The form of the lists in `n` values.
    pub(crate) fn form(&self, n: u64) -> ListForm {
        let distinct = self.elements.distinct();
        let share = |part, of: u64| part as f64 / of.max(1) as f64;
        ListForm {
            notation: self.notation,
            distinct,
            mean_length: share(self.n, n),
            longest: self.longest,
            several: share(self.several, self.values),
            repeats: share(self.of_several, distinct.n),
            weighted: if self.other_colons { 0.0 } else { share(self.weighted, self.n) },
            with_digit: share(self.with_digit, self.n),
            is_typed: false,
        }
    }

    /// How the lists are written.
    pub(crate) fn notation(&self) -> ListNotation {
        self.notation
    }
}

/// The elements between separators that are not empty.
fn parts(text: &str, separator: char) -> impl Iterator<Item = &str> {
    text.split(separator).map(str::trim).filter(|part| !part.is_empty())
}

/// Whether the text is a list as programs print it.
pub(crate) fn is_printed_list(text: &str) -> bool {
    // Most other texts do not end with a bracket.
    matches!(text.as_bytes().last(), Some(b']' | b')' | b'}' | b'>'))
        && printed_elements(text).is_some()
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
