//! How well a column predicts the label by itself.
//!
//! What one half of the rows says of a value is tried on the other half: the area under the ROC
//! curve of the values' mean labels.
//! Means tried on their own rows lost: a column of row numbers would know everything.

use deepcross_metrics::Auc;

use super::sample::Sample;
use super::tally::Tally;
use super::values::Values;

/// So many rows of each class are needed, in each half, to say anything.
const FEWEST: u64 = 10;

/// So many values on each side are a value's neighbours.
const NEIGHBOURS: usize = 5;

/// What values must be worth, at least, for the question what their order is worth.
const OWN_GAIN: f64 = 0.02;

/// So many standard deviations are no chance.
const SURE: f64 = 4.0;

/// The rows of a column by value.
pub(crate) struct Foresight<'a> {
    missing: Tally,
    values: &'a Values,
    /// The rows of values that are in no table.
    others: Tally,
    all: Tally,
}

impl<'a> Foresight<'a> {
    pub(crate) fn new(missing: Tally, present: Tally, values: &'a Values) -> Self {
        let mut others = present;
        values.entries().for_each(|entry| subtract(&mut others, entry.tally));
        let mut all = present;
        all += missing;
        Self { missing, values, others, all }
    }

    /// The area under the curve of the column's values, or of its numbers in their order if that is
    /// larger; `None` without enough labels.
    pub(crate) fn of_column(&self, sample: &Sample) -> Option<f64> {
        let by_values = self.of_values()?;
        Some(of_numbers(sample).map_or(by_values, |by_numbers| by_numbers.max(by_values)))
    }

    fn of_values(&self) -> Option<f64> {
        let entries = self.values.entries().map(|entry| entry.tally);
        let tallies: Vec<_> = entries.chain([self.missing, self.others]).collect();
        self.tried(tallies.iter().map(|tally| (*tally, *tally)))
    }

    /// The mean over both halves of the area by scores of `(says, of)`: what the rows `says` of one
    /// half say of the rows `of` of the other.
    fn tried(&self, pairs: impl Iterator<Item = (Tally, Tally)> + Clone) -> Option<f64> {
        let area = |half: usize| {
            let mut auc = Auc::<f64>::default();
            for (says, of) in pairs.clone() {
                let (score, other) = (self.mean(says, half), 1 - half);
                let positives = of.positives[other];
                // A number of rows is a weight, and the mean of counts a score.
                auc.push(score, 1.0, positives as f64).ok()?;
                auc.push(score, 0.0, (of.labelled[other] - positives) as f64).ok()?;
            }
            auc.into_value()
        };
        self.is_enough().then(|| Some((area(0)? + area(1)?) / 2.0)).flatten()
    }

    fn is_enough(&self) -> bool {
        let has = |half: usize| {
            let (rows, positives) = (self.all.labelled[half], self.all.positives[half]);
            positives >= FEWEST && rows - positives >= FEWEST
        };
        has(0) && has(1)
    }

    /// The standard deviation of the area if nothing predicts, for which the rarer class counts.
    fn deviation(&self) -> f64 {
        let (positives, labelled) = (self.all.positives() as f64, self.all.labelled() as f64);
        let negatives = labelled - positives;
        ((labelled + 1.0) / (12.0 * positives * negatives)).sqrt()
    }

    /// The mean label of a half of the rows, moved towards that of all by one row.
    fn mean(&self, tally: Tally, half: usize) -> f64 {
        let base = self.all.mean_label().unwrap_or_default();
        (tally.positives[half] as f64 + base) / (tally.labelled[half] as f64 + 1.0)
    }
}

/// Whether whole numbers are names: what a number says of the label, its neighbours do not say.
///
/// True where their own mean labels predict by clearly more than chance, and those of their
/// neighbours by less than half as much.
pub(crate) fn order_says_nothing(column: &Foresight<'_>) -> bool {
    if !column.values.distinct().exact {
        return false;
    }
    let integer = |text: &str| text.parse::<i64>().ok();
    let entries = column.values.entries();
    let mut ordered: Vec<_> =
        entries.filter_map(|entry| Some((integer(&entry.text)?, entry.tally))).collect();
    ordered.sort_by_key(|(integer, _)| *integer);
    let tallies: Vec<_> = ordered.into_iter().map(|(_, tally)| tally).collect();
    let own = column.tried(tallies.iter().map(|tally| (*tally, *tally)));
    let near = column.tried((0..tallies.len()).map(|i| (around(&tallies, i), tallies[i])));
    match (own, near) {
        (Some(own), Some(near)) => {
            let gain = own - 0.5;
            gain > OWN_GAIN.max(SURE * column.deviation()) && near - 0.5 < gain / 2.0
        }
        _ => false,
    }
}

/// The rows of the values on both sides of one.
fn around(tallies: &[Tally], i: usize) -> Tally {
    let range = i.saturating_sub(NEIGHBOURS)..(i + NEIGHBOURS + 1).min(tallies.len());
    let mut sum = Tally::default();
    range.filter(|j| *j != i).for_each(|j| sum += tallies[j]);
    sum
}

/// The area of the numbers themselves, in the direction that is larger; `None` without enough labels.
fn of_numbers(sample: &Sample) -> Option<f64> {
    let (mut auc, mut rows) = (Auc::<f64>::default(), [0; 2]);
    for (number, label) in sample.numbers().filter_map(|(x, label)| Some((x, label?))) {
        rows[usize::from(label)] += 1;
        auc.push(number, if label { 1.0 } else { 0.0 }, 1.0).ok()?;
    }
    let area = (rows.iter().min() >= Some(&(2 * FEWEST))).then(|| auc.into_value()).flatten()?;
    Some(area.max(1.0 - area))
}

fn subtract(from: &mut Tally, other: Tally) {
    from.rows -= other.rows;
    for half in 0..2 {
        from.labelled[half] -= other.labelled[half];
        from.positives[half] -= other.positives[half];
    }
}
