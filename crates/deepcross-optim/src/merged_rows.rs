//! Merges the touched rows of one table over all groups of a batch, in ascending order.
//!
//! The lists of the groups are ascending, and are merged with one cursor per group.
//! The gradient of a row is the sum of the groups that touched it, as a tree of the groups.
//! Rejected: a heap of the lists, because with few groups, a look at the head of each list is faster.

use deepcross_autodiff::{Gradients, RowGradients, TableId};
use deepcross_kernels::Real;
use deepcross_kernels::tree::{MOST_PARTS, Parts};
use std::ops::Range;

/// The largest number of groups whose gradients one step takes.
pub const MAX_GROUPS: usize = MOST_PARTS;

/// The distance, in rows of a group's list, at which a later row is announced.
const AHEAD: usize = 4;

/// The head of a list after its last row.
const END: u32 = u32::MAX;

/// The rows of all groups, merged.
#[derive(Debug)]
pub(crate) struct MergedRows<'a, F> {
    lists: [List<'a, F>; MAX_GROUPS],
    n_groups: usize,
    /// The next row of each list.
    heads: [u32; MAX_GROUPS],
    width: usize,
}

/// The rows and gradients that a group has still to add.
#[derive(Clone, Copy, Debug)]
struct List<'a, F> {
    rows: &'a [u32],
    values: &'a [F],
}

impl<'a, F: Real> MergedRows<'a, F> {
    /// The rows with these numbers in a table.
    pub(crate) fn new(id: TableId, numbers: &Range<u32>, groups: &'a [Gradients<F>]) -> Self {
        let mut lists = [List { rows: &[][..], values: &[][..] }; MAX_GROUPS];
        let (mut heads, mut width) = ([END; MAX_GROUPS], 0);
        for ((list, head), group) in lists.iter_mut().zip(&mut heads).zip(groups) {
            let gradients = group.table(id);
            width = gradients.width();
            let touched = touched_range(gradients, numbers);
            let values = &gradients.values()[touched.start * width..touched.end * width];
            *list = List { rows: &gradients.rows()[touched], values };
            *head = list.rows.first().copied().unwrap_or(END);
        }
        Self { lists, n_groups: groups.len(), heads, width }
    }

    /// The smallest row number that has not been passed; `u32::MAX` if there is none.
    #[inline]
    pub(crate) fn row(&self) -> u32 {
        self.heads[..self.n_groups].iter().fold(END, |least, &head| least.min(head))
    }

    /// The sum of the row's gradients, in the columns `range`.
    #[inline]
    pub(crate) fn sum_into(&self, number: u32, range: Range<usize>, sum: &mut [F]) {
        let mut parts = Parts::none(&[][..]);
        let lists = self.heads[..self.n_groups].iter().zip(&self.lists).enumerate();
        for (group, (_, list)) in lists.filter(|(_, (head, _))| **head == number) {
            parts.push(group, &list.values[range.clone()]);
        }
        parts.sum_into(sum);
    }

    /// Passes this row, and calls `soon` with rows that will come soon.
    #[inline]
    pub(crate) fn pass(&mut self, number: u32, mut soon: impl FnMut(u32)) {
        let lists = self.heads[..self.n_groups].iter_mut().zip(&mut self.lists);
        for (head, list) in lists.filter(|(head, _)| **head == number) {
            // `u32::MAX` is not the number of a row.
            let Some((_, rest)) = list.rows.split_first() else { continue };
            *list = List { rows: rest, values: &list.values[self.width..] };
            *head = rest.first().copied().unwrap_or(END);
            rest.get(AHEAD).into_iter().for_each(|&row| soon(row));
        }
    }
}

/// The positions, in the list of touched rows, of the rows in a range.
pub(crate) fn touched_range<F: Real>(rows: &RowGradients<F>, numbers: &Range<u32>) -> Range<usize> {
    let at = |number: u32| rows.rows().partition_point(|&row| row < number);
    at(numbers.start)..at(numbers.end)
}
