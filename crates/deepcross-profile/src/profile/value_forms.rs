//! What the distinct values of a column are: numbers, times, or lists as programs print them.
//!
//! A value is looked at when it enters the table of values, and not in each of its rows.
//! A few odd values do not change what a column is: their texts are kept, so that they can be named.

use deepcross_features::fields::DecimalMark;
use deepcross_features::{NumberForm, SeenVector, TimeFormat};

use super::label_counts::LabelCounts;
use super::lists::is_printed_list;
use super::missing_markers::Marker;
use super::numbers::{has_thousands, is_whole};
use super::times::{TimeForm, Times, recognised};

/// The largest number of distinct odd values in a column of another kind.
pub(crate) const MOST_ODD: usize = 32;

/// A form of numbers is that of a column if one distinct value in this many needs it.
const NEED_FORM: u64 = 10;

/// The largest share of the rows with a value that may have an odd one: one in this many.
pub(crate) const ROWS_PER_ODD: u64 = 100;

/// What all values of a column are, but for a few odd ones.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub enum ColumnShape {
    /// Numbers of one form; the times are those that they may be as well.
    Numbers(NumberForm, Option<TimeForm>),
    /// Dates and times that are not numbers.
    Times(TimeForm),
    /// Vectors of this many numbers, most of them with fractions.
    Vectors(usize),
    /// Lists in brackets.
    PrintedLists,
    /// Texts of any kind.
    #[default]
    Texts,
}

/// The forms of the distinct values of a column.
#[derive(Clone, Debug, Default)]
pub(crate) struct ValueForms {
    /// The values that were looked at.
    n: u64,
    plain: u64,
    /// The plain numbers that are whole.
    whole: u64,
    /// The whole numbers that begin with a 0.
    leading_zeros: u64,
    /// The numbers with a decimal comma.
    commas: u64,
    /// Those of them whose comma may be one of thousands.
    thousands: u64,
    /// The percentages with a decimal point or a whole number.
    percents: u64,
    /// The percentages with a decimal comma.
    percents_with_comma: u64,
    times: Times,
    vectors: Vectors,
    printed_lists: u64,
    /// The texts that usually mean a missing value.
    markers: Vec<Marker>,
    /// The first texts of each class that are not plain numbers.
    kept: [Vec<Box<str>>; Class::N],
}

/// The values that are vectors as wide as the first one.
#[derive(Clone, Copy, Debug, Default)]
struct Vectors {
    width: usize,
    n: u64,
    /// Those of them with a number that is not whole.
    with_fraction: u64,
}

/// The classes of texts that are not plain numbers: the texts of a large class leave the places of the others alone.
#[derive(Clone, Copy)]
enum Class {
    Number,
    Date,
    Vector,
    PrintedList,
    Other,
}

/// A shape that a column may have, with its odd texts.
pub(crate) struct Candidate {
    pub(crate) shape: ColumnShape,
    pub(crate) odd: Vec<Box<str>>,
}

impl Class {
    const N: usize = 5;
}

impl ValueForms {
    /// Looks at a value that is new; returns whether it is to be kept in the table of values.
    pub(crate) fn add(
        &mut self,
        text: &str,
        number: Option<(f64, NumberForm)>,
        is_printed_list: bool,
        marker: Option<Marker>,
    ) -> bool {
        self.n += 1;
        if let Some((number, _)) = number.filter(|(_, form)| *form == NumberForm::default()) {
            self.add_plain(text, number);
            return false;
        }
        if let Some(marker) = marker {
            self.markers.push(marker);
            return true;
        }
        let class = self.class(text, number, is_printed_list);
        let kept = &mut self.kept[class as usize];
        let is_kept = kept.len() < MOST_ODD;
        if is_kept {
            kept.push(text.into());
        }
        is_kept
    }

    /// Counts a value that no encoder reads.
    pub(crate) fn add_unreadable(&mut self) {
        self.n += 1;
    }

    fn add_plain(&mut self, text: &str, number: f64) {
        self.plain += 1;
        if is_whole(text) {
            self.whole += 1;
            let second = text.as_bytes().get(1);
            let begins_with_0 =
                text.starts_with('0') && second.is_some_and(|second| *second != b'.');
            self.leading_zeros += u64::from(begins_with_0);
        }
        self.times.add(text, Some(number));
    }

    fn class(
        &mut self,
        text: &str,
        number: Option<(f64, NumberForm)>,
        is_printed_list: bool,
    ) -> Class {
        if let Some((_, form)) = number {
            let count = match (form.decimal, form.percent) {
                (DecimalMark::Point, _) => &mut self.percents,
                (DecimalMark::Comma, true) => &mut self.percents_with_comma,
                (DecimalMark::Comma, false) => &mut self.commas,
            };
            *count += 1;
            self.thousands += u64::from(has_thousands(text));
            return Class::Number;
        }
        // A time of the log of a web server stands in brackets.
        if self.times.add(text, None) {
            return Class::Date;
        }
        self.printed_lists += u64::from(is_printed_list);
        let is_vector = self.vectors.add(text);
        match is_printed_list {
            _ if is_vector => Class::Vector,
            true => Class::PrintedList,
            false => Class::Other,
        }
    }

    /// Whether another text than a plain number is worth a look for a marker of a missing value.
    pub(crate) fn has_room_for_markers(&self) -> bool {
        self.markers.len() < MOST_ODD
    }

    /// The most likely shape of the column with the fewest odd texts; `rows` counts the rows of a text, and `present` are
    /// all rows with a value.
    pub(crate) fn candidate(
        &self,
        present: LabelCounts,
        rows: impl Fn(&str) -> LabelCounts,
    ) -> Candidate {
        let fitting = self.shapes().filter_map(|(shape, n)| {
            let odd = self.odd(shape);
            let markers = self.meaning_missing(true);
            let are_all = n > 0 && n + (odd.len() + markers.len()) as u64 == self.n;
            let missing: u64 = markers.iter().map(|marker| rows(marker).rows).sum();
            let of_odd: u64 = odd.iter().map(|text| rows(text).rows).sum();
            let are_few = of_odd * ROWS_PER_ODD <= present.rows - missing.min(present.rows);
            (are_all && are_few).then_some(Candidate { shape, odd })
        });
        // A vector in brackets is a list, too.
        let best = fitting.min_by_key(|candidate| {
            (candidate.shape == ColumnShape::PrintedLists, candidate.odd.len())
        });
        best.unwrap_or(Candidate { shape: ColumnShape::Texts, odd: Vec::new() })
    }

    /// The shapes with the number of values that fit, the most particular first.
    fn shapes(&self) -> impl Iterator<Item = (ColumnShape, u64)> {
        let plain = ColumnShape::Numbers(NumberForm::default(), self.time_of_numbers());
        let others = [
            (plain, self.plain),
            self.numbers(DecimalMark::Comma, false),
            self.numbers(DecimalMark::Point, true),
            self.numbers(DecimalMark::Comma, true),
            self.vectors(),
            (ColumnShape::PrintedLists, self.printed_lists),
        ];
        let dates = TimeFormat::ALL.into_iter().filter(|format| !format.is_number());
        let dates = dates.map(|format| {
            (ColumnShape::Times(self.times.form(format)), self.times.fitting(format))
        });
        others.into_iter().chain(dates)
    }

    /// The shape of numbers of a form that some values need, with the number of values that it fits; none if few need it.
    fn numbers(&self, decimal: DecimalMark, percent: bool) -> (ColumnShape, u64) {
        let shape = ColumnShape::Numbers(NumberForm { decimal, percent }, None);
        let with_comma = self.commas + self.percents_with_comma;
        let percents = self.percents + self.percents_with_comma;
        let are_many = |n: u64| n * NEED_FORM >= self.n;
        // If all commas may be those of thousands, or if points occur too, the commas are not those of decimals.
        let has_decimals = with_comma > self.thousands && !self.has_points();
        let good = match decimal {
            DecimalMark::Comma => are_many(with_comma) && has_decimals,
            DecimalMark::Point => true,
        };
        if !good || (percent && !are_many(percents)) {
            return (shape, 0);
        }
        let fitting = match (decimal, percent) {
            (DecimalMark::Comma, true) => self.commas + percents,
            (DecimalMark::Comma, false) => self.commas,
            (DecimalMark::Point, true) => self.percents,
            (DecimalMark::Point, false) => 0,
        };
        (shape, self.plain + fitting)
    }

    /// The shape of vectors, unless most of them are of whole numbers, as ids are.
    fn vectors(&self) -> (ColumnShape, u64) {
        let Vectors { width, n, with_fraction } = self.vectors;
        (ColumnShape::Vectors(width), if 2 * with_fraction > n { n } else { 0 })
    }

    /// The form of the times that the plain numbers are.
    fn time_of_numbers(&self) -> Option<TimeForm> {
        let formats = TimeFormat::ALL.into_iter();
        let fits = |format: &TimeFormat| {
            let others = self.plain - self.times.fitting(*format).min(self.plain);
            // Programs write 0 or -1 for a time that they do not know.
            let most = if format.is_number() { self.plain / ROWS_PER_ODD } else { 0 };
            self.plain > 0 && others <= most
        };
        formats.into_iter().find(fits).map(|format| self.times.form(format))
    }

    /// The kept texts that do not have the shape, except for markers.
    fn odd(&self, shape: ColumnShape) -> Vec<Box<str>> {
        let kept = self.kept.iter().flatten();
        kept.filter(|text| !fits(text, shape)).cloned().collect()
    }

    /// The markers that mean a missing value; `is_among_numbers` says whether all other values are numbers or times.
    pub(crate) fn meaning_missing(&self, is_among_numbers: bool) -> Vec<&str> {
        let markers = self.markers.iter().filter(|marker| marker.is_sure || is_among_numbers);
        markers.map(|marker| &*marker.text).collect()
    }

    /// The share of plain numbers among the values.
    pub(crate) fn share_of_numbers(&self) -> f64 {
        self.plain as f64 / self.n.max(1) as f64
    }

    /// Texts that are not plain numbers, at most [`MOST_ODD`].
    pub(crate) fn other_texts(&self) -> impl Iterator<Item = &str> {
        self.kept.iter().flatten().take(MOST_ODD).map(|text| &**text)
    }

    /// Whether every plain number is whole.
    pub(crate) fn has_whole_numbers(&self) -> bool {
        self.plain > 0 && self.whole == self.plain
    }

    /// Whether some plain number has a fraction.
    pub(crate) fn has_points(&self) -> bool {
        self.whole < self.plain
    }

    /// Whether some whole numbers begin with a 0.
    pub(crate) fn has_leading_zeros(&self) -> bool {
        self.leading_zeros > 0
    }
}

impl Vectors {
    /// Counts a value if it is such a vector, and returns whether it is.
    fn add(&mut self, text: &str) -> bool {
        let Some(seen) = SeenVector::of(text) else { return false };
        if self.n == 0 {
            self.width = seen.width;
        }
        let is_one = seen.width == self.width;
        self.n += u64::from(is_one);
        self.with_fraction += u64::from(is_one && seen.has_fraction);
        is_one
    }
}

/// Whether a text that is not a plain number has a shape.
pub(crate) fn fits(text: &str, shape: ColumnShape) -> bool {
    match shape {
        ColumnShape::Texts => false,
        ColumnShape::Numbers(form, _) => form.read(text).is_some(),
        ColumnShape::Times(form) => recognised(form.format, text).is_some(),
        ColumnShape::Vectors(width) => SeenVector::of(text).is_some_and(|it| it.width == width),
        ColumnShape::PrintedLists => is_printed_list(text),
    }
}
