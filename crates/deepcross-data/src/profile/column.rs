//! What is known of one column after the pass.

use super::foresight::{self, Foresight};
use super::lists::{ListForm, Lists, SEPARATORS, holds};
use super::marks::Marks;
use super::numbers::{Numbers, is_integer, number};
use super::sample::{Draw, Sample};
use super::tally::{Label, Tally};
use super::times::{TimeForm, Times};
use super::values::{Count, Values};
use crate::formats::BETWEEN;

/// What a column holds, in bounded memory.
#[derive(Clone, Debug, Default)]
pub struct ColumnProfile {
    name: String,
    missing: Tally,
    present: Tally,
    marks: Marks,
    values: Values,
    lists: Vec<Lists>,
    holds_pairs: bool,
    times: Times,
    numbers: Numbers,
    sample: Sample,
    integers: u64,
    leading_zeros: u64,
    invalid: u64,
    characters: u64,
}

/// A value of a column with its rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopValue {
    /// The value, cut to 64 bytes.
    pub text: String,
    /// Its rows; where values are too many to be counted exactly, at least so many.
    pub tally: Tally,
}

impl ColumnProfile {
    pub(crate) fn new(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }

    /// Of a column that holds weighted lists by its format.
    pub(crate) fn of_pairs(name: &str) -> Self {
        let lists = vec![Lists::new(char::from(BETWEEN), &Values::default())];
        Self { holds_pairs: true, lists, ..Self::new(name) }
    }

    /// Counts a row in which the value is missing.
    pub(crate) fn add_missing(&mut self, label: Option<Label>, draw: Draw) {
        self.missing.add(label);
        self.put(draw, None, label);
    }

    /// Counts a row; with `guess`, values that usually mean "missing" are put aside until
    /// [`settle`](Self::settle).
    pub(crate) fn add(&mut self, value: &[u8], label: Option<Label>, draw: Draw, guess: bool) {
        if guess && self.marks.take(value, label) {
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

    /// Where a separator is met for the first time, all values before are lists of one element.
    fn begin_lists(&mut self, text: &str) {
        for separator in SEPARATORS.into_iter().filter(|separator| holds(text, *separator)) {
            if !self.lists.iter().any(|lists| lists.separator() == separator) {
                self.lists.push(Lists::new(separator, &self.values));
            }
        }
    }

    fn put(&mut self, draw: Draw, number: Option<f64>, label: Option<Label>) {
        if let Some(place) = draw.place {
            self.sample.put(place, number.map(|x| (x, label.map(|label| label.positive))));
        }
    }

    /// The marks of this column that mean "missing" wherever they stand.
    pub(crate) fn meant_marks(&self) -> impl Iterator<Item = &'static str> {
        self.marks.meant(self.present.rows > 0 && self.numbers.n == self.present.rows)
    }

    /// Counts the marks among `missing` as missing values, and all others as what they seem.
    pub(crate) fn settle(&mut self, missing: &[String]) {
        let marks = std::mem::take(&mut self.marks);
        for (_, mark, tally) in marks.met() {
            if missing.iter().any(|known| known == mark) {
                self.missing += tally;
            } else {
                self.present += tally;
                self.values.add_tally(mark, tally);
                self.characters += mark.len() as u64 * tally.rows;
            }
        }
    }

    /// The name of the column.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The rows without a value.
    pub fn missing(&self) -> Tally {
        self.missing
    }

    /// The rows with a value.
    pub fn present(&self) -> Tally {
        self.present
    }

    /// The number of distinct values, the missing one not counted.
    pub fn distinct(&self) -> Count {
        self.values.distinct()
    }

    /// The `n` most frequent values; of equal ones, those first in the order of their text.
    pub fn top(&self, n: usize) -> Vec<TopValue> {
        Self::first(&self.values, n)
    }

    /// The `n` most frequent elements of lists with this separator.
    pub fn top_elements(&self, separator: char, n: usize) -> Vec<TopValue> {
        let lists = self.lists.iter().find(|lists| lists.separator() == separator);
        lists.map(|lists| Self::first(&lists.elements, n)).unwrap_or_default()
    }

    fn first(values: &Values, n: usize) -> Vec<TopValue> {
        let top = values.by_rows().into_iter().take(n);
        top.map(|entry| TopValue { text: entry.text.to_string(), tally: entry.tally }).collect()
    }

    /// The numbers, if every value is one.
    pub fn numbers(&self) -> Option<&Numbers> {
        Some(&self.numbers).filter(|numbers| numbers.n > 0 && numbers.n == self.present.rows)
    }

    /// The middle of the numbers in a sample of 8192 rows; `None` where not every value is a number.
    pub fn median(&self) -> Option<f64> {
        self.numbers().and_then(|_| self.sample.median())
    }

    /// Whether every value is a whole number in digits.
    pub fn has_integers(&self) -> bool {
        self.present.rows > 0 && self.integers == self.present.rows
    }

    /// Whether some whole numbers begin with a 0 that a number would lose.
    pub fn has_leading_zeros(&self) -> bool {
        self.leading_zeros > 0
    }

    /// The number of values that are not UTF-8, which no encoder takes.
    pub fn invalid(&self) -> u64 {
        self.invalid
    }

    /// The mean number of characters of a value; 0 without any.
    pub fn mean_characters(&self) -> f64 {
        self.characters as f64 / self.present.rows.max(1) as f64
    }

    /// How times are written, if every value is a time.
    pub fn time(&self) -> Option<TimeForm> {
        self.times.form(self.present.rows)
    }

    /// The weighted lists of a column that holds these by its format.
    pub(crate) fn pairs(&self) -> Option<ListForm> {
        self.lists().next().filter(|_| self.holds_pairs)
    }

    /// What the values are like as lists, for each separator that some of them hold.
    pub fn lists(&self) -> impl Iterator<Item = ListForm> {
        self.lists.iter().map(|lists| lists.form(self.present.rows))
    }

    /// How well the column by itself predicts the label; `None` without enough labels.
    pub fn foresight(&self) -> Option<f64> {
        Foresight::new(self.missing, self.present, &self.values).of_column(&self.sample)
    }

    /// Whether the values, whole numbers, tell of the label what their neighbours do not.
    pub fn order_says_nothing(&self) -> bool {
        let foresight = Foresight::new(self.missing, self.present, &self.values);
        self.has_integers() && foresight::order_says_nothing(&foresight)
    }
}
