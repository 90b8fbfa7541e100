//! The profile of one column.

use super::label_auc::{LabelAuc, is_order_useless};
use super::label_counts::{Label, LabelCounts};
use super::lists::{ListForm, Lists, SEPARATORS, contains};
use super::missing_markers::MissingMarkers;
use super::numbers::{Numbers, is_integer, number};
use super::row_sample::{Draw, NumberSample};
use super::times::{TimeForm, Times};
use super::value_counts::{DistinctCount, ValueCounts};
use crate::number_text::short;

/// The values of a column, summarised in bounded memory.
#[derive(Clone, Debug, Default)]
pub struct ColumnProfile {
    name: String,
    missing: LabelCounts,
    present: LabelCounts,
    markers: MissingMarkers,
    values: ValueCounts,
    lists: Vec<Lists>,
    /// Whether the format says that the values are weighted lists.
    has_pairs: bool,
    times: Times,
    numbers: Numbers,
    sample: NumberSample,
    integers: u64,
    leading_zeros: u64,
    invalid: u64,
    characters: u64,
}

/// A value of a column and the counts of its rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopValue {
    /// The value, cut to 64 bytes.
    pub text: String,
    /// Its rows: if there are too many values to count all of them exactly, a lower bound.
    pub counts: LabelCounts,
}

impl ColumnProfile {
    /// The profile of a column without rows.
    pub(crate) fn new(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }

    /// The profile of a column without rows whose values are weighted lists by the format of the file.
    pub(crate) fn of_pairs(name: &str, separator: char) -> Self {
        let lists = vec![Lists::new(separator, &ValueCounts::default())];
        Self { has_pairs: true, lists, ..Self::new(name) }
    }

    /// Counts a row in which the value is missing.
    pub(crate) fn add_missing(&mut self, label: Option<Label>, draw: Draw) {
        self.missing.add(label);
        self.put(draw, None, label);
    }

    /// Counts a row with `value`; with `guess`, missing markers are put aside until
    /// [`resolve_markers`](Self::resolve_markers).
    pub(crate) fn add(&mut self, value: &[u8], label: Option<Label>, draw: Draw, guess: bool) {
        if guess && self.markers.count(value, label) {
            self.put(draw, None, label);
            return;
        }
        self.present.add(label);
        match str::from_utf8(value) {
            Ok(text) => self.add_text(text, label, draw),
            Err(_) => {
                self.invalid += 1;
                self.values.add(value, label);
            }
        }
    }

    fn add_text(&mut self, text: &str, label: Option<Label>, draw: Draw) {
        self.characters += text.chars().count() as u64;
        let number = number(text);
        self.times.add(text, number);
        self.put(draw, number, label);
        if let Some(number) = number {
            self.numbers.add(number);
            let is_integer = is_integer(text);
            self.integers += u64::from(is_integer);
            self.leading_zeros += u64::from(is_integer && text.len() > 1 && text.starts_with('0'));
        }
        self.begin_lists(text);
        let is_new = self.values.add(text.as_bytes(), label);
        self.lists.iter_mut().for_each(|lists| lists.add(text, label, is_new));
    }

    /// Begins lists for each separator that `text` is the first value to contain: all values before are lists of one
    /// element.
    fn begin_lists(&mut self, text: &str) {
        for separator in SEPARATORS.into_iter().filter(|separator| contains(text, *separator)) {
            if !self.lists.iter().any(|lists| lists.separator() == separator) {
                self.lists.push(Lists::new(separator, &self.values));
            }
        }
    }

    /// Puts the row into the sample, if it was drawn.
    fn put(&mut self, draw: Draw, number: Option<f64>, label: Option<Label>) {
        if let Some(place) = draw.place {
            self.sample.put(place, number.map(|x| (x, label.map(|label| label.positive))));
        }
    }

    /// The markers in this column that mean a missing value.
    pub(crate) fn meaning_missing(&self) -> impl Iterator<Item = &'static str> {
        self.markers.meaning_missing(self.present.rows > 0 && self.numbers.n == self.present.rows)
    }

    /// Counts the markers among `missing` as missing values, and all other markers as ordinary values.
    pub(crate) fn resolve_markers(&mut self, missing: &[String]) {
        let markers = std::mem::take(&mut self.markers);
        for (_, marker, counts) in markers.found() {
            if missing.iter().any(|known| known == marker) {
                self.missing += counts;
            } else {
                self.present += counts;
                self.values.add_counts(marker, counts);
                self.characters += marker.len() as u64 * counts.rows;
            }
        }
    }

    /// The name of the column.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The counts of the rows without a value.
    pub fn missing(&self) -> LabelCounts {
        self.missing
    }

    /// The counts of the rows with a value.
    pub fn present(&self) -> LabelCounts {
        self.present
    }

    /// The number of distinct values, without the missing one.
    pub fn distinct(&self) -> DistinctCount {
        self.values.distinct()
    }

    /// The `n` most frequent values; equally frequent ones in the order of their text.
    pub fn top(&self, n: usize) -> Vec<TopValue> {
        Self::first(&self.values, n)
    }

    /// The `n` most frequent elements of lists with this separator.
    pub fn top_elements(&self, separator: char, n: usize) -> Vec<TopValue> {
        let lists = self.lists.iter().find(|lists| lists.separator() == separator);
        lists.map(|lists| Self::first(&lists.elements, n)).unwrap_or_default()
    }

    fn first(values: &ValueCounts, n: usize) -> Vec<TopValue> {
        let top = values.by_rows().into_iter().take(n);
        top.map(|entry| TopValue { text: entry.text.to_string(), counts: entry.counts }).collect()
    }

    /// The numbers; `None` if not every value is a number.
    pub fn numbers(&self) -> Option<&Numbers> {
        Some(&self.numbers).filter(|numbers| numbers.n > 0 && numbers.n == self.present.rows)
    }

    /// The median of the numbers in a sample of 8,192 rows; `None` if not every value is a number.
    pub fn median(&self) -> Option<f64> {
        self.numbers().and_then(|_| self.sample.median())
    }

    /// The range, the median and the mean of the numbers as text, such as `18 to 73, median 45, mean 45.5`; empty if not
    /// every value is a number.
    pub fn number_summary(&self) -> String {
        let Some(numbers) = self.numbers() else { return String::new() };
        let median = self.median().map(|median| format!(", median {}", short(median)));
        let (min, max) = (short(numbers.min), short(numbers.max));
        format!("{min} to {max}{}, mean {}", median.unwrap_or_default(), short(numbers.mean))
    }

    /// Whether every value is a whole number, written in digits.
    pub fn has_integers(&self) -> bool {
        self.present.rows > 0 && self.integers == self.present.rows
    }

    /// Whether some whole numbers begin with a 0, which would be lost if they were read as numbers.
    pub fn has_leading_zeros(&self) -> bool {
        self.leading_zeros > 0
    }

    /// The number of rows whose value is not valid UTF-8, which every encoder refuses.
    pub fn invalid(&self) -> u64 {
        self.invalid
    }

    /// The mean number of characters of a value; 0 if there is no value.
    pub fn mean_characters(&self) -> f64 {
        self.characters as f64 / self.present.rows.max(1) as f64
    }

    /// The form of the times; `None` if not every value is a time of the same form.
    pub fn time(&self) -> Option<TimeForm> {
        self.times.form(self.present.rows)
    }

    /// The form of the lists, if the values are weighted lists by the format of the file.
    pub(crate) fn pairs(&self) -> Option<ListForm> {
        self.lists().next().filter(|_| self.has_pairs)
    }

    /// The form of the values as lists, for each separator that some values contain.
    pub fn lists(&self) -> impl Iterator<Item = ListForm> {
        self.lists.iter().map(|lists| lists.form(self.present.rows))
    }

    /// The AUC (area under the ROC curve) of the column alone as a prediction of the label; `None` if there are too few
    /// labels.
    ///
    /// The values' mean labels in one half of the rows are the scores of the other half.
    pub fn label_auc(&self) -> Option<f64> {
        LabelAuc::new(self.missing, self.present, &self.values).of_column(&self.sample)
    }

    /// Whether the values are whole numbers whose order says nothing about the label: each number predicts the label,
    /// and its neighbours do not.
    pub fn is_order_useless(&self) -> bool {
        let label_auc = LabelAuc::new(self.missing, self.present, &self.values);
        self.has_integers() && is_order_useless(&label_auc)
    }
}
