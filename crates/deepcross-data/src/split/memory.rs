//! The sets of rows that are in memory, which are not copied.

use super::{SplitBy, SplitSet, Splitter};
use crate::config::DataConfig;
use crate::error::DataError;
use crate::input::Input;
use crate::source::Source;

/// The rows of one set.
#[derive(Clone, Debug)]
pub struct SplitRows {
    /// The set.
    pub set: SplitSet,
    /// Its rows.
    pub input: Input,
    /// The number of its rows.
    pub rows: u64,
}

/// Divides rows in memory: the sets are those of a [`Splitter`] for a file with the same rows.
///
/// The sets are those for training, for validation if `by` has such rows, and for the test.
/// The sets share the values of `input`, and have no row that was skipped.
///
/// # Errors
/// As [`Splitter::new`] and [`Splitter::next_row`], and [`DataError::EmptyRows`] if a set has no rows.
pub fn split_in_memory(
    input: &Input,
    config: &DataConfig,
    by: &SplitBy,
) -> Result<Vec<SplitRows>, DataError> {
    let source = Source::open(input, config)?;
    let mut splitter = Splitter::of_any_form(&source, by, config.bad_rows)?;
    let mut numbers: [Vec<u64>; 3] = Default::default();
    while let Some((set, number)) = splitter.next_numbered()? {
        numbers[set as usize].push(number);
    }
    let sets = [
        (SplitSet::Train, "training"),
        (SplitSet::Valid, "validation"),
        (SplitSet::Test, "the test"),
    ];
    let sets = sets.into_iter().zip(numbers);
    let sets = sets.filter(|((set, _), _)| by.has_valid() || *set != SplitSet::Valid);
    let rows = |((set, name), numbers): ((SplitSet, &'static str), Vec<u64>)| {
        let rows = numbers.len() as u64;
        match rows {
            0 => Err(DataError::EmptyRows { set: name }),
            _ => Ok(SplitRows { set, input: input.selected(&numbers), rows }),
        }
    };
    sets.map(rows).collect()
}
