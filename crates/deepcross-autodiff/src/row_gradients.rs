//! The gradient of a table, which holds only the rows that a batch touched.
//!
//! A look-up records *source* rows (the gradient of one bag's sum) and *entries* (this table row gets this multiple of
//! that source).
//! [`coalesce`](RowGradients::coalesce) adds up the entries of each table row.
//! Rows are in the order of their places in the table, segment after segment.
//! A bag of twenty ids thus keeps one gradient row and not twenty.
//! Rejected: a hash map; sorting allocates nothing, and the order of each sum, and so its bits, depends on the batch
//! alone.

use deepcross_kernels::table_rows::{place, row_at};
use deepcross_kernels::{Real, each_number, vectorised};
use std::cmp::Ordering;

#[derive(Clone, Copy, Debug)]
struct Entry<F> {
    /// The place of the table's row.
    place: u32,
    source: u32,
    weight: F,
}

impl<F: Real> Entry<F> {
    /// A total order of everything that changes a sum, so that no sort can choose the order of a sum.
    fn order(&self, other: &Self) -> Ordering {
        let by_weight = || self.weight.partial_cmp(&other.weight).unwrap_or(Ordering::Equal);
        let number = |entry: &Self| u64::from(entry.place) << 32 | u64::from(entry.source);
        number(self).cmp(&number(other)).then_with(by_weight)
    }
}

/// The gradients of some rows of one table.
#[derive(Clone, Debug, Default)]
pub struct RowGradients<F> {
    width: usize,
    /// The source rows; numbers of earlier steps follow after the first `n_sources`.
    sources: Vec<F>,
    n_sources: usize,
    entries: Vec<Entry<F>>,
    /// The number of entries that the coalesced form below includes.
    n_coalesced: usize,
    /// The places of the touched rows, ascending.
    places: Vec<u32>,
    values: Vec<F>,
}

impl<F: Real> RowGradients<F> {
    /// Gradients of a table of this width, with no row yet.
    pub fn new(width: usize) -> Self {
        Self {
            width,
            sources: Vec::new(),
            n_sources: 0,
            entries: Vec::new(),
            n_coalesced: 0,
            places: Vec::new(),
            values: Vec::new(),
        }
    }

    /// The number of columns of the table.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Removes all rows and keeps the memory.
    pub fn clear(&mut self) {
        self.n_sources = 0;
        self.entries.clear();
        self.n_coalesced = 0;
        self.places.clear();
        self.values.clear();
    }

    /// The length of each buffer.
    pub(crate) fn lengths(&self) -> [usize; 4] {
        [self.n_sources * self.width, self.entries.len(), self.places.len(), self.values.len()]
    }

    /// Reserves memory in each buffer for these lengths and half as much again.
    pub(crate) fn make_room(&mut self, [sources, entries, places, values]: [usize; 4]) {
        make_room(&mut self.sources, sources);
        make_room(&mut self.entries, entries);
        make_room(&mut self.places, places);
        make_room(&mut self.values, values);
    }

    /// Appends `n` source rows, all of whose numbers `fill` writes, and returns the first's number.
    pub(crate) fn add_sources(&mut self, n: usize, fill: impl FnOnce(&mut [F])) -> u32 {
        let first = self.n_sources;
        self.n_sources += n;
        let range = first * self.width..self.n_sources * self.width;
        if self.sources.len() < range.end {
            self.sources.resize(range.end, F::zero());
        }
        fill(&mut self.sources[range]);
        u32::try_from(first).expect("fewer than 2^32 source rows in a batch")
    }

    /// Records that table row `row` gets `weight` times the source row.
    pub(crate) fn add_entry(&mut self, row: u32, source: u32, weight: F) {
        self.entries.push(Entry { place: place(row), source, weight });
    }

    /// The source rows, moved out for a while; [`put_sources`](Self::put_sources) brings them back.
    pub(crate) fn take_sources(&mut self) -> Vec<F> {
        std::mem::take(&mut self.sources)
    }

    pub(crate) fn put_sources(&mut self, sources: Vec<F>) {
        self.sources = sources;
    }

    /// Adds up the entries of each row, source after source; without effect if nothing is new.
    pub fn coalesce(&mut self) {
        if self.is_coalesced() {
            return;
        }
        self.entries.sort_unstable_by(Entry::order);
        self.sum_entries();
        self.n_coalesced = self.entries.len();
    }

    /// Writes the places and the sums of the sorted entries.
    fn sum_entries(&mut self) {
        let Self { width, sources, entries, places, values, .. } = self;
        let width = *width;
        places.clear();
        for entry in &*entries {
            if places.last() != Some(&entry.place) {
                places.push(entry.place);
            }
        }
        values.resize(places.len() * width, F::zero());
        vectorised(
            #[inline(always)]
            || {
                let (mut start, mut last) = (0, None);
                for Entry { place, source, weight } in &*entries {
                    let source = &sources[*source as usize * width..][..width];
                    if last == Some(*place) {
                        let sum = &mut values[start - width..start];
                        each_number(sum, [], [source], |sum, [], [x]| *sum += *weight * x);
                    } else {
                        let sum = &mut values[start..start + width];
                        each_number(sum, [], [source], |sum, [], [x]| *sum = *weight * x);
                        (start, last) = (start + width, Some(*place));
                    }
                }
            },
        );
    }

    /// Replaces the gradients by coalesced ones from elsewhere: `fill` writes ascending places, and then for each its
    /// gradient, end to end.
    ///
    /// # Panics
    /// If the numbers of places and values do not fit.
    #[track_caller]
    pub fn assign(&mut self, fill: impl FnOnce(&mut Vec<u32>, &mut Vec<F>)) {
        self.clear();
        fill(&mut self.places, &mut self.values);
        assert_eq!(self.places.len() * self.width, self.values.len(), "a gradient for each place");
        debug_assert!(self.places.is_sorted_by(|a, b| a < b), "places ascend");
    }

    /// The touched rows' [places](place), ascending.
    ///
    /// # Panics
    /// If [`coalesce`](Self::coalesce) has not run since the last backward pass.
    #[track_caller]
    pub fn places(&self) -> &[u32] {
        self.must_be_coalesced();
        &self.places
    }

    /// The touched rows' numbers, in the order of their places.
    ///
    /// # Panics
    /// If [`coalesce`](Self::coalesce) has not run since the last backward pass.
    #[track_caller]
    pub fn rows(&self) -> impl ExactSizeIterator<Item = u32> {
        self.places().iter().map(|&place| row_at(place))
    }

    /// The touched rows' gradients end to end, in the order of [`rows`](Self::rows).
    ///
    /// # Panics
    /// If [`coalesce`](Self::coalesce) has not run since the last backward pass.
    #[track_caller]
    pub fn values(&self) -> &[F] {
        self.must_be_coalesced();
        &self.values
    }

    /// The gradient of one row; `None` if the batch did not touch it.
    ///
    /// # Panics
    /// If [`coalesce`](Self::coalesce) has not run since the last backward pass.
    #[track_caller]
    pub fn row(&self, row: u32) -> Option<&[F]> {
        let position = self.places().binary_search(&place(row)).ok()?;
        Some(&self.values[position * self.width..(position + 1) * self.width])
    }

    fn is_coalesced(&self) -> bool {
        self.n_coalesced == self.entries.len()
    }

    #[track_caller]
    fn must_be_coalesced(&self) {
        assert!(self.is_coalesced(), "row gradients were read before `coalesce`");
    }
}

/// Reserves memory in a buffer, unless it has enough and some to spare: it must not grow a little in each step.
fn make_room<T>(buffer: &mut Vec<T>, length: usize) {
    if buffer.capacity() < length + length / 4 {
        buffer.reserve_exact(length + length / 2 - buffer.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn coalesced_rows_are_the_sums_of_their_entries(
            entries in prop::collection::vec((0_u32..6, 0_u32..4, -2.0..2.0_f64), 0..30),
            cut in 0_usize..30,
        ) {
            let sources = [[1.0, -1.0], [2.0, 0.5], [0.0, 3.0], [-4.0, 1.0]];
            let mut gradients = RowGradients::new(2);
            gradients.add_sources(4, |out| out.copy_from_slice(sources.as_flattened()));
            for (i, &(row, source, weight)) in entries.iter().enumerate() {
                if i == cut {
                    gradients.coalesce();
                }
                gradients.add_entry(row, source, weight);
            }
            gradients.coalesce();
            prop_assert!(gradients.places().is_sorted_by(|a, b| a < b));
            for row in 0..6 {
                let of_row = || entries.iter().filter(|entry| entry.0 == row);
                prop_assert_eq!(gradients.row(row).is_some(), of_row().count() > 0);
                for (c, &got) in gradients.row(row).into_iter().flatten().enumerate() {
                    let sum: f64 = of_row().map(|&(_, s, w)| w * sources[s as usize][c]).sum();
                    prop_assert!((got - sum).abs() < 1e-12);
                }
            }
        }
    }

    #[test]
    #[should_panic(expected = "before `coalesce`")]
    fn reading_before_coalescing_is_refused() {
        let mut gradients = RowGradients::<f32>::new(1);
        let source = gradients.add_sources(1, |_| ());
        gradients.add_entry(0, source, 1.0);
        gradients.places();
    }
}
