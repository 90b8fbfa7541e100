//! Merges the touched rows of one table over all groups of a batch, in the order of their places.
//!
//! The lists of the groups are in that order, and are merged with one cursor per group.
//! The gradient of a row is the sum of the groups that touched it, as a tree of the groups.
//! Rejected: a heap of the lists, because with few groups, a look at the head of each list is faster.

use deepcross_autodiff::{Gradients, RowGradients, TableId};
use deepcross_kernels::Real;
use deepcross_kernels::table_rows::{row_at, segment};
use deepcross_kernels::tree::{MOST_PARTS, Summands};
use std::ops::Range;

/// The largest number of groups whose gradients one step takes.
pub const MAX_GROUPS: usize = MOST_PARTS;

/// The distance, in rows of a group's list, at which a later row is announced.
const AHEAD: usize = 4;

/// The head of a list after its last row; no table is so large that a row has this place.
const END: u32 = u32::MAX;

/// The rows of all groups, merged.
#[derive(Debug)]
pub(crate) struct MergedRows<'a, F> {
    lists: [List<'a, F>; MAX_GROUPS],
    n_groups: usize,
    /// The place of the next row of each list.
    heads: [u32; MAX_GROUPS],
    width: usize,
    summands: Summands<'a, F>,
}

/// The rows and gradients that a group has still to add.
#[derive(Clone, Copy, Debug)]
struct List<'a, F> {
    places: &'a [u32],
    values: &'a [F],
}

impl<'a, F: Real> MergedRows<'a, F> {
    /// The rows of these segments of a table.
    pub(crate) fn new(id: TableId, segments: &Range<usize>, groups: &'a [Gradients<F>]) -> Self {
        let mut lists = [List { places: &[][..], values: &[][..] }; MAX_GROUPS];
        let (mut heads, mut width) = ([END; MAX_GROUPS], 0);
        for ((list, head), group) in lists.iter_mut().zip(&mut heads).zip(groups) {
            let gradients = group.table(id);
            width = gradients.width();
            let touched = touched_range(gradients, segments);
            let values = &gradients.values()[touched.start * width..touched.end * width];
            *list = List { places: &gradients.places()[touched], values };
            *head = list.places.first().copied().unwrap_or(END);
        }
        let summands = Summands::default();
        Self { lists, n_groups: groups.len(), heads, width, summands }
    }

    /// The place of the first row that has not been passed; `None` if there is none.
    #[inline]
    pub(crate) fn place(&self) -> Option<u32> {
        let first = self.first();
        (first != END).then_some(first)
    }

    #[inline]
    fn first(&self) -> u32 {
        self.heads[..self.n_groups].iter().fold(END, |least, &head| least.min(head))
    }

    /// The sum of the gradients of the row at this place, in the columns `range`.
    #[inline]
    pub(crate) fn sum_into(&mut self, place: u32, range: Range<usize>, sum: &mut [F]) {
        let lists = self.heads[..self.n_groups].iter().zip(&self.lists).enumerate();
        let parts = lists.filter(|(_, (head, _))| **head == place);
        let parts = parts.map(|(group, (_, list))| (group, &list.values[range.clone()]));
        self.summands.sum_into(sum, parts);
    }

    /// Passes the row at this place, and calls `soon` with the places of rows that will come soon.
    #[inline]
    pub(crate) fn pass(&mut self, place: u32, mut soon: impl FnMut(u32)) {
        let lists = self.heads[..self.n_groups].iter_mut().zip(&mut self.lists);
        for (head, list) in lists.filter(|(head, _)| **head == place) {
            let Some((_, rest)) = list.places.split_first() else { continue };
            *list = List { places: rest, values: &list.values[self.width..] };
            *head = rest.first().copied().unwrap_or(END);
            rest.get(AHEAD).into_iter().for_each(|&ahead| soon(ahead));
        }
    }
}

/// The positions, in the list of touched rows, of the rows of some segments.
pub(crate) fn touched_range<F: Real>(
    rows: &RowGradients<F>,
    segments: &Range<usize>,
) -> Range<usize> {
    let at = |segment: usize| rows.places().partition_point(|&place| segment_at(place) < segment);
    at(segments.start)..at(segments.end)
}

/// The segment of the row at a place.
pub(crate) fn segment_at(place: u32) -> usize {
    segment(row_at(place)).0
}
