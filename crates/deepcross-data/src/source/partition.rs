//! Divides rows into those for training and those for validation, by a hash of their bytes.
//!
//! The same rows are held out in each pass and for any order of the rows.
//! Equal rows fall into the same partition, so that no row serves for both training and validation.
//! Rejected: a draw by row number, which has neither property.

use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::random::unit_interval;
use crate::rows::RawRow;

/// A part of the rows of a source.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Partition {
    /// All rows.
    All,
    /// The rows for training: all rows that are not in [`Partition::Valid`] with the same values.
    Train {
        /// The share of rows that are held out, in [0, 1].
        valid_fraction: f64,
        /// Chooses the rows that are held out.
        seed: u64,
    },
    /// The rows that are held out for validation.
    Valid {
        /// The share of rows that are held out, in [0, 1].
        valid_fraction: f64,
        /// Chooses the rows that are held out.
        seed: u64,
    },
}

impl Partition {
    /// Whether `row` belongs to this partition; only its fields decide, after trimming and unquoting.
    pub fn contains(&self, row: &RawRow<'_>) -> bool {
        match *self {
            Self::All => true,
            Self::Train { valid_fraction, seed } => position_of(row, seed) >= valid_fraction,
            Self::Valid { valid_fraction, seed } => position_of(row, seed) < valid_fraction,
        }
    }
}

/// The position of a row, by all its cells.
fn position_of(row: &RawRow<'_>, seed: u64) -> f64 {
    let mut scratch = Vec::new();
    let hash = row.cells().fold(seed, |hash, cell| next(hash, cell.text(&mut scratch)));
    unit_interval(hash)
}

fn next(hash: u64, field: &[u8]) -> u64 {
    xxh3_64_with_seed(field, hash)
}

/// The position of a row, or of some of its fields, in [0, 1), uniform over rows.
///
/// The position comes from a hash: the XXH3-64 of each field is the seed for the next field.
pub(crate) fn position<'a>(fields: impl Iterator<Item = &'a [u8]>, seed: u64) -> f64 {
    let hash = fields.fold(seed, next);
    unit_interval(hash)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::rows::RawRows;

    const N: usize = 20_000;

    /// The share of `N` rows that are held out.
    fn share(valid_fraction: f64, seed: u64) -> f64 {
        let partition = Partition::Valid { valid_fraction, seed };
        let held_out =
            (0..N).filter(|i| partition.contains(&RawRows::of(&[&i.to_string(), "0"]).get(0)));
        held_out.count() as f64 / N as f64
    }

    #[test]
    fn the_share_held_out_is_the_fraction() {
        for (fraction, seed) in [(0.0, 1), (0.1, 1), (0.1, 2), (0.5, 3), (1.0, 4)] {
            // Five standard deviations of a binomial share.
            let tolerance = 5.0 * (fraction * (1.0 - fraction) / N as f64).sqrt();
            let share = share(fraction, seed);
            assert!((share - fraction).abs() <= tolerance, "{share} for {fraction}");
        }
    }

    /// The numbers of this program, with the Python package xxhash:
    ///
    /// ```python
    /// def position(fields, seed):
    ///     for field in fields:
    ///         seed = xxhash.xxh3_64_intdigest(field, seed)
    ///     return (seed >> 11) / 2**53
    /// ```
    #[test]
    fn positions_stay_the_same_in_all_versions() {
        let cases: [(&[&str], u64, f64); 3] = [
            (&["a", "b"], 0, 0.9090801350168283),
            (&["ab", ""], 0, 0.28441250733556567),
            (&["a", "b"], 1, 0.06093425840021416),
        ];
        for (fields, seed, expected) in cases {
            let rows = RawRows::of(fields);
            assert_eq!(position(rows.get(0).fields(), seed), expected, "{fields:?}, {seed}");
        }
    }

    proptest! {
        #[test]
        fn each_row_is_in_one_partition(fields in prop::collection::vec(".*", 1..5), f in 0.0..1.0, seed: u64) {
            let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
            let rows = RawRows::of(&fields);
            let row = rows.get(0);
            let partitions = [
                Partition::Train { valid_fraction: f, seed },
                Partition::Valid { valid_fraction: f, seed },
            ];
            prop_assert_eq!(partitions.iter().filter(|partition| partition.contains(&row)).count(), 1);
            prop_assert!(Partition::All.contains(&row));
        }
    }
}
