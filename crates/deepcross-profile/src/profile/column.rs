//! The profile of one column.

use deepcross_features::{NumberForm, seems_printed};

use super::known_value::Known;
use super::label_auc::LabelAuc;
use super::label_counts::{Label, LabelCounts};
use super::lists::{ListForm, ListNotation, Lists, SEPARATORS, contains, is_printed_list};
use super::missing_markers::Marker;
use super::number_signal::NumberSignal;
use super::numbers::Numbers;
use super::row_sample::{Draw, NumberSample};
use super::times::TimeForm;
use super::value_counts::{DistinctCount, ValueCounts};
use super::value_forms::{Candidate, ColumnShape, ROWS_PER_ODD, ValueForms, fits};
use crate::examples::Examples;
use crate::number_text::short;

/// The values of a column, summarised in bounded memory.
#[derive(Clone, Debug, Default)]
pub struct ColumnProfile {
    name: String,
    missing: LabelCounts,
    present: LabelCounts,
    values: ValueCounts<Known>,
    forms: ValueForms,
    shape: ColumnShape,
    odd: Vec<TopValue>,
    /// The markers that mean a missing value in this column.
    markers: Vec<TopValue>,
    /// The values that mean a missing one only because they do in another column.
    missing_elsewhere: Vec<TopValue>,
    lists: Vec<Lists>,
    /// Whether the format says that the values are weighted lists.
    has_pairs: bool,
    /// Whether the format has typed lists, whose elements are joined by `|`.
    has_typed_lists: bool,
    /// Whether a value would be taken for a list in brackets, as the joined elements of a typed list never are.
    has_brackets: bool,
    /// The plain numbers.
    numbers: Numbers,
    /// The numbers of other forms.
    other_numbers: Numbers,
    sample: NumberSample,
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

    /// The profile of a column without rows in a format with typed lists.
    pub(crate) fn of_typed(name: &str) -> Self {
        Self { has_typed_lists: true, ..Self::new(name) }
    }

    /// The profile of a column without rows whose values are weighted lists by the format of the file.
    pub(crate) fn of_pairs(name: &str, separator: char) -> Self {
        let notation = ListNotation::Separator(separator);
        let lists = vec![Lists::new(notation, &ValueCounts::<()>::default())];
        Self { has_pairs: true, lists, ..Self::new(name) }
    }

    /// Counts a row in which the value is missing.
    pub(crate) fn add_missing(&mut self, label: Option<Label>, draw: Draw) {
        self.missing.add(label);
        self.put(draw, None, label);
    }

    /// Counts a row with `value`; with `guess`, missing markers are noted for [`decide`](Self::decide).
    pub(crate) fn add(&mut self, value: &[u8], label: Option<Label>, draw: Draw, guess: bool) {
        self.present.add(label);
        let known = self.values.add_known(value, label);
        let is_new = known.is_none();
        let known = known.unwrap_or_else(|| self.add_new(value, label, guess));
        if !known.is_text {
            self.invalid += 1;
            return;
        }
        self.characters += u64::from(known.characters);
        self.put(draw, known.number, label);
        match known.number {
            Some(number) if known.form == NumberForm::default() => self.numbers.add(number),
            Some(number) => self.other_numbers.add(number),
            None => {}
        }
        if let (false, Ok(text)) = (self.lists.is_empty(), str::from_utf8(value)) {
            self.lists.iter_mut().for_each(|lists| lists.add(text, label, is_new));
        }
    }

    /// Looks at a value that is not in the table of values, and counts its row there.
    fn add_new(&mut self, value: &[u8], label: Option<Label>, guess: bool) -> Known {
        let Ok(text) = str::from_utf8(value) else {
            self.forms.add_unreadable();
            self.values.add_new(value, label, Known::default());
            return Known::default();
        };
        let (known, is_list) = (Known::of(text), is_printed_list(text));
        self.begin_lists(text, is_list);
        self.values.add_new(value, label, known);
        self.look_at(text, known.number.map(|number| (number, known.form)), is_list, guess);
        known
    }

    /// Looks at a value that is new.
    fn look_at(
        &mut self,
        text: &str,
        number: Option<(f64, NumberForm)>,
        is_list: bool,
        guess: bool,
    ) {
        self.has_brackets |= seems_printed(text.as_bytes());
        let is_odd = number.is_none() && guess && self.forms.has_room_for_markers();
        let marker = is_odd.then(|| Marker::of(text)).flatten();
        if self.forms.add(text, number, is_list, marker) {
            self.values.keep(text.as_bytes());
        }
    }

    /// Begins lists for each notation that `text` is the first value to have: all values before are lists of one element.
    fn begin_lists(&mut self, text: &str, is_printed_list: bool) {
        let separators = SEPARATORS.into_iter().filter(|separator| contains(text, *separator));
        let notations = separators.map(ListNotation::Separator);
        for notation in notations.chain(is_printed_list.then_some(ListNotation::Printed)) {
            if !self.lists.iter().any(|lists| lists.notation() == notation) {
                self.lists.push(Lists::new(notation, &self.values));
            }
        }
    }

    /// Puts the row into the sample, if it was drawn.
    fn put(&mut self, draw: Draw, number: Option<f64>, label: Option<Label>) {
        if let Some(place) = draw.place {
            self.sample.put(place, number.map(|x| (x, label.map(|label| label.positive))));
        }
    }

    /// Decides what the values are, all rows of which were counted.
    pub(crate) fn decide(&mut self) {
        let rows = |text: &str| self.values.counts(text.as_bytes()).unwrap_or_default();
        let Candidate { shape, odd } = self.forms.candidate(self.present, rows);
        let odd = self.top_of(odd.iter().map(|text| &**text));
        self.shape = shape;
        self.odd = odd;
        self.markers = self.found_markers();
    }

    /// Gives up the decision for a shape.
    pub(crate) fn decide_for_texts(&mut self) {
        (self.shape, self.odd) = (ColumnShape::Texts, Vec::new());
        self.markers = self.found_markers();
    }

    fn found_markers(&self) -> Vec<TopValue> {
        self.top_of(self.forms.meaning_missing(self.shape != ColumnShape::Texts).into_iter())
    }

    /// The texts with their counts, the most frequent first.
    fn top_of<'t>(&self, texts: impl Iterator<Item = &'t str>) -> Vec<TopValue> {
        let value =
            |text: &str| Some(TopValue { counts: self.counts(text)?, text: text.to_owned() });
        let mut values: Vec<_> = texts.filter_map(value).collect();
        values.sort_by(|a, b| b.counts.rows.cmp(&a.counts.rows).then_with(|| a.text.cmp(&b.text)));
        values
    }

    /// The texts in this column that mean a missing value: markers, and odd texts.
    pub(crate) fn meaning_missing(&self) -> impl Iterator<Item = &str> {
        self.markers.iter().chain(&self.odd).map(|value| &*value.text)
    }

    /// Counts these texts as missing values and no longer as ordinary ones; those that mean it because of other columns
    /// are noted, too.
    pub(crate) fn remove_missing(&mut self, missing: &[String]) {
        for text in missing {
            let Some(counts) = self.values.take(text.as_bytes()) else { continue };
            if self.meaning_missing().all(|known| known != text) {
                self.missing_elsewhere.push(TopValue { text: text.clone(), counts });
            }
            self.missing += counts;
            self.present.subtract(counts);
            self.characters =
                self.characters.saturating_sub(text.chars().count() as u64 * counts.rows);
            self.lists.iter_mut().for_each(|lists| lists.remove(text, counts));
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

    /// The most frequent value; of equally frequent ones, the first in the order of their text.
    pub(crate) fn most_frequent(&self) -> Option<&str> {
        self.values.most_frequent().map(|entry| &*entry.text)
    }

    /// The `n` most frequent elements of lists of this notation.
    pub fn top_elements(&self, notation: ListNotation, n: usize) -> Vec<TopValue> {
        let lists = self.lists.iter().find(|lists| lists.notation() == notation);
        lists.map(|lists| Self::first(&lists.elements, n)).unwrap_or_default()
    }

    fn first<T: Copy>(values: &ValueCounts<T>, n: usize) -> Vec<TopValue> {
        let top = values.by_rows().into_iter().take(n);
        top.map(|entry| TopValue { text: entry.text.to_string(), counts: entry.counts }).collect()
    }

    /// What all values are, except for [odd ones](Self::odd).
    pub fn shape(&self) -> ColumnShape {
        self.shape
    }

    /// The values that count as missing although the settings did not say so: markers such as `?`, odd values, and those
    /// of other columns.
    pub fn counted_as_missing(&self) -> impl Iterator<Item = &TopValue> {
        self.markers.iter().chain(&self.odd).chain(&self.missing_elsewhere)
    }

    /// The values that count as missing only because they do in another column.
    pub fn missing_elsewhere(&self) -> &[TopValue] {
        &self.missing_elsewhere
    }

    /// The odd values, which are not what all others are and count as missing; the most frequent first.
    pub fn odd(&self) -> &[TopValue] {
        &self.odd
    }

    /// The numbers; `None` if not every value is a number.
    pub fn numbers(&self) -> Option<Numbers> {
        match self.shape {
            _ if self.is_plain() => Some(self.numbers),
            ColumnShape::Numbers(..) => Some(self.numbers.merged(self.other_numbers)),
            _ => None,
        }
    }

    /// The median of the numbers in a sample of 8,192 rows; `None` if not every value is a number.
    pub fn median(&self) -> Option<f64> {
        self.numbers().and_then(|_| self.sample.median())
    }

    /// The numbers as text, such as `18 to 73, median 45, mean 45.5`; without examples, only the mean; empty if
    /// not every value is a number.
    pub fn number_summary(&self, examples: Examples) -> String {
        let Some(numbers) = self.numbers() else { return String::new() };
        let mean = format!("mean {}", short(numbers.mean));
        if examples == Examples::Hidden {
            return mean;
        }
        let median = self.median().map(|median| format!(", median {}", short(median)));
        let (min, max) = (short(numbers.min), short(numbers.max));
        format!("{min} to {max}{}, {mean}", median.unwrap_or_default())
    }

    /// Whether every value is a whole number, written in digits.
    pub fn has_integers(&self) -> bool {
        self.is_plain() && self.forms.has_whole_numbers()
    }

    fn is_plain(&self) -> bool {
        matches!(self.shape, ColumnShape::Numbers(form, _) if form == NumberForm::default())
    }

    /// Whether some whole numbers begin with a 0, which would be lost if they were read as numbers.
    pub fn has_leading_zeros(&self) -> bool {
        self.is_plain() && self.forms.has_leading_zeros()
    }

    /// The counts of the rows with this value, if the value is known.
    pub(crate) fn counts(&self, text: &str) -> Option<LabelCounts> {
        self.values.counts(text.as_bytes())
    }

    /// Whether the text is one of the values that are what all values of the column are; among texts, it is one if it is not
    /// rarer than odd values may be.
    pub(crate) fn has_ordinary(&self, text: &str) -> bool {
        let is_frequent =
            |counts: LabelCounts| counts.rows.saturating_mul(ROWS_PER_ODD) > self.present.rows;
        self.counts(text).is_some_and(|counts| match self.shape {
            ColumnShape::Texts => is_frequent(counts),
            shape => fits(text, shape),
        })
    }

    /// The share of the distinct values that are plain numbers.
    pub(crate) fn share_of_numbers(&self) -> f64 {
        self.forms.share_of_numbers()
    }

    /// Some values that are not plain numbers, the most frequent first.
    pub(crate) fn other_values(&self) -> Vec<TopValue> {
        self.top_of(self.forms.other_texts())
    }

    /// The distinct values that are in the table of values.
    pub(crate) fn known_values(&self) -> impl Iterator<Item = (&str, LabelCounts)> {
        self.values.entries().map(|entry| (&*entry.text, entry.counts))
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
        match self.shape {
            ColumnShape::Times(form) => Some(form),
            ColumnShape::Numbers(_, form) => form,
            _ => None,
        }
    }

    /// The form of the lists, if the values are weighted lists by the format of the file.
    pub(crate) fn pairs(&self) -> Option<ListForm> {
        self.lists().next().filter(|_| self.has_pairs)
    }

    /// The form of the values as lists, for each notation that some values have.
    pub fn lists(&self) -> impl Iterator<Item = ListForm> {
        let joined = ListNotation::Separator('|');
        let has_joined = self.has_typed_lists && !self.has_brackets;
        self.lists.iter().map(move |lists| {
            let is_typed = has_joined && lists.notation() == joined;
            ListForm { is_typed, ..lists.form(self.present.rows) }
        })
    }

    /// The AUC (area under the ROC curve) of the column alone as a prediction of the label; `None` if there are too few
    /// labels.
    ///
    /// The values' mean labels in one half of the rows are the scores of the other half.
    pub fn label_auc(&self) -> Option<f64> {
        LabelAuc::new(self.missing, self.present, &self.values).of_column(&self.sample)
    }

    /// Whether the order of the numbers, or some numbers, predict the label.
    pub fn has_signal(&self) -> bool {
        let label_auc = LabelAuc::new(self.missing, self.present, &self.values);
        self.label_auc().is_some_and(|auc| label_auc.has_signal(auc))
    }

    /// Whether the values are whole numbers whose order says nothing about the label.
    pub fn is_order_useless(&self) -> bool {
        self.has_integers() && self.number_signal().is_some_and(|signal| signal.is_order_useless())
    }

    /// Whether the values are numbers, and exact numbers predict the label better than the numbers near them do.
    pub fn has_exact_numbers(&self) -> bool {
        self.is_plain() && self.number_signal().is_some_and(|signal| signal.is_exact())
    }

    fn number_signal(&self) -> Option<NumberSignal> {
        NumberSignal::of(&LabelAuc::new(self.missing, self.present, &self.values))
    }
}
