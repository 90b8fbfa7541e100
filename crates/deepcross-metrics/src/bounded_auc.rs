//! The area under the ROC curve in bounded memory, with a bound of its error.
//!
//! Scores fall into fixed bins: the sign, the exponent and the leading 12 bits of the mantissa of
//! the score as `f32`. A bin is 2⁻¹² of its lower end wide, for probabilities, logits and any
//! other scale alike. Pairs of rows in two bins are in the order of the bins; a pair within a bin
//! is counted as a tie, which is wrong by half a pair at most. So the error is at most half the
//! share of the pairs that lie within one bin, and the counts give that share.
//!
//! Rejected: bins of equal width, because all small probabilities fall into the first; and a sketch
//! whose bins follow the rows, because its merge is not exact.

use crate::row::Row;
use crate::sum::Sum;
use crate::{MetricError, Score};

/// The number of bits of a mantissa that distinguish bins.
const MANTISSA: u32 = 12;
/// The number of bins of one sign and exponent.
const PAGE: usize = 1 << MANTISSA;

/// The area under the ROC curve, in memory that does not grow with the rows.
///
/// Memory: 128 KiB for each power of two that scores reach, which is a few MiB for probabilities,
/// and at most 64 MiB. Rows are not sorted.
///
/// The order of rows, and how they are parted and merged, changes the value by a few units in the
/// last place, and not at all if weights are whole.
#[derive(Clone, Debug, Default)]
pub struct BoundedAuc {
    /// The bins by sign and exponent, from the lowest scores up; a page is empty until a score falls into it.
    pages: Vec<Vec<Bin>>,
}

/// An area, and the greatest distance from the exact one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BoundedArea {
    /// The area, in [0, 1], with rows of one bin counted as tied.
    pub value: f64,
    /// |exact area − `value`| is at most this.
    pub bound: f64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Bin {
    positive: Sum,
    negative: Sum,
}

impl BoundedAuc {
    /// Takes a row: a score of any scale, a label (0 or 1), and a weight (0, or
    /// [`MIN_WEIGHT`](crate::MIN_WEIGHT) to [`MAX_WEIGHT`](crate::MAX_WEIGHT)).
    ///
    /// # Errors
    /// If the score is NaN, the label is not a class, or the weight is out of range; the row is then
    /// not counted.
    pub fn push(
        &mut self,
        score: impl Score,
        label: impl Into<f64>,
        weight: impl Into<f64>,
    ) -> Result<(), MetricError> {
        let row = Row::scored(score, label, weight)?;
        let bin = self.bin(key(row.score.into()));
        let class = if row.positive { &mut bin.positive } else { &mut bin.negative };
        class.add(row.weight);
        Ok(())
    }

    /// Takes all rows of another part of the data.
    pub fn merge(&mut self, other: Self) {
        for (page, bins) in other.pages.into_iter().enumerate() {
            for (place, other) in bins.into_iter().enumerate() {
                let own = self.bin(page * PAGE + place);
                own.positive.merge(other.positive);
                own.negative.merge(other.negative);
            }
        }
    }

    /// The area and its bound; `None` if a class has no weight.
    pub fn value(&self) -> Option<BoundedArea> {
        let (mut pairs, mut within) = (Sum::default(), Sum::default());
        let (mut positive, mut below) = (Sum::default(), Sum::default());
        for bin in self.pages.iter().flatten() {
            let (up, down) = (bin.positive.value(), bin.negative.value());
            pairs.add(up * (below.value() + 0.5 * down));
            within.add(up * down);
            positive.add(up);
            below.add(down);
        }
        let all_pairs = positive.value() * below.value();
        // The rounding errors of this walk and of that for the exact area.
        let rounding = 32.0 * f64::EPSILON;
        (all_pairs > 0.0).then(|| BoundedArea {
            value: (pairs.value() / all_pairs).min(1.0),
            bound: 0.5 * within.value() / all_pairs + rounding,
        })
    }

    fn bin(&mut self, key: usize) -> &mut Bin {
        let (page, place) = (key / PAGE, key % PAGE);
        if self.pages.len() <= page {
            self.pages.resize_with(page + 1, Vec::new);
        }
        let bins = &mut self.pages[page];
        if bins.is_empty() {
            bins.resize(PAGE, Bin::default());
        }
        &mut bins[place]
    }
}

/// The number of a score's bin: a higher score never has a lower number.
fn key(score: f64) -> usize {
    // `+ 0.0` puts −0 beside 0. Rounding to `f32` keeps the order.
    let bits = (score as f32 + 0.0).to_bits();
    // The bits of negative numbers rise with their distance from 0.
    let ordered = if bits >> 31 == 1 { !bits } else { bits | 1 << 31 };
    (ordered >> (f32::MANTISSA_DIGITS - 1 - MANTISSA)) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_rise_with_scores() {
        let scores = [
            f64::NEG_INFINITY,
            -1e300,
            -2.0,
            -1.0,
            -1e-30,
            0.0,
            1e-30,
            0.001,
            0.5,
            0.5 + 1e-3,
            1.0,
            1e300,
            f64::INFINITY,
        ];
        assert!(scores.windows(2).all(|pair| key(pair[0]) <= key(pair[1])));
        assert!(key(-1.0) < key(-0.0) && key(0.0) < key(0.001));
        assert_eq!(key(0.0), key(-0.0));
        assert_eq!(key(f64::INFINITY) / PAGE, 511);
    }

    #[track_caller]
    fn check(rows: &[(f64, u8, f64)], expected: Option<(f64, f64)>) {
        let mut auc = BoundedAuc::default();
        for &(score, label, weight) in rows {
            auc.push(score, label, weight).expect("rows of the table are good");
        }
        let rounding = 32.0 * f64::EPSILON;
        assert_eq!(auc.value().map(|area| (area.value, area.bound - rounding)), expected);
    }

    #[test]
    fn rows_of_one_bin_count_as_tied() {
        check(&[(0.1, 0, 1.0), (0.9, 1, 1.0)], Some((1.0, 0.0)));
        check(&[(0.9, 0, 1.0), (0.1, 1, 1.0)], Some((0.0, 0.0)));
        check(&[(0.5, 0, 1.0), (0.500_001, 1, 1.0)], Some((0.5, 0.5)));
        check(&[(0.1, 0, 3.0), (0.5, 1, 1.0), (0.5, 0, 1.0)], Some((0.875, 0.125)));
    }

    #[test]
    fn needs_weight_in_both_classes() {
        check(&[], None);
        check(&[(0.1, 1, 1.0), (0.2, 0, 0.0)], None);
        assert_eq!(BoundedAuc::default().push(f32::NAN, 1, 1), Err(MetricError::Score));
    }
}
