//! A column of ids, in compressed-row form.
//!
//! A column of one-hot ids has no offsets: row `i` has the one id `ids[i]`.
//! Weights are not stored if all are 1, as in most columns.

use std::ops::Range;

/// The ids of one field, with their weights unless all are 1.
///
/// Either all ids of a column have a weight or none; in an empty column, the first pushed ids decide.
#[derive(Clone, Debug, PartialEq)]
pub struct SparseColumn<F = f32> {
    /// The position of each row's first id, and the end of the last row; `None` if each row has exactly one id.
    offsets: Option<Vec<u32>>,
    ids: Vec<u32>,
    weights: Vec<F>,
}

impl<F: Copy> SparseColumn<F> {
    /// A column with one id per row, without weights.
    pub fn one_hot(ids: Vec<u32>) -> Self {
        Self { offsets: None, ids, weights: Vec::new() }
    }

    /// A column in which row `i` has the ids `ids[offsets[i]..offsets[i + 1]]`.
    ///
    /// `weights` are empty, or there is one for each id.
    /// The parts are not checked here, but by [`Batch::check`](crate::Batch::check).
    pub fn multi_hot(offsets: Vec<u32>, ids: Vec<u32>, weights: Vec<F>) -> Self {
        Self { offsets: Some(offsets), ids, weights }
    }

    /// The number of rows.
    pub fn n_rows(&self) -> usize {
        match &self.offsets {
            Some(offsets) => offsets.len().saturating_sub(1),
            None => self.ids.len(),
        }
    }

    /// `n_rows + 1` positions into [`ids`](Self::ids); `None` if each row has exactly one id.
    pub fn offsets(&self) -> Option<&[u32]> {
        self.offsets.as_deref()
    }

    /// All ids, row after row.
    pub fn ids(&self) -> &[u32] {
        &self.ids
    }

    /// All ids, mutable, for callers that number the values of a field in another way.
    pub fn ids_mut(&mut self) -> &mut [u32] {
        &mut self.ids
    }

    /// A weight for each id; empty if all are 1.
    pub fn weights(&self) -> &[F] {
        &self.weights
    }

    /// Appends a row with the one id `id` and weight 1.
    ///
    /// # Panics
    /// As [`push_bag`](Self::push_bag).
    #[track_caller]
    pub fn push_id(&mut self, id: u32) {
        assert!(self.weights.is_empty(), "a column cannot hold both weighted and unweighted ids");
        self.ids.push(id);
        if let Some(offsets) = &mut self.offsets {
            offsets.push(end_of_bag(self.ids.len()));
        }
    }

    /// Appends a row for each of `ids`, with weight 1, like [`push_id`](Self::push_id).
    #[track_caller]
    pub(crate) fn push_ids(&mut self, ids: &[u32]) {
        if self.offsets.is_some() {
            ids.iter().for_each(|&id| self.push_id(id));
            return;
        }
        assert!(self.weights.is_empty(), "a column cannot hold both weighted and unweighted ids");
        self.ids.extend_from_slice(ids);
    }

    /// Appends a row with `ids` and, if given, a weight for each of them.
    ///
    /// # Panics
    /// If the column has one id per row and `ids` are more or fewer, if the numbers of ids and weights differ, if the
    /// column would hold both weighted and unweighted ids, or if it would hold 2³² ids or more.
    #[track_caller]
    pub fn push_bag(&mut self, ids: &[u32], weights: Option<&[F]>) {
        self.extend(ids, weights);
        match &mut self.offsets {
            Some(offsets) => offsets.push(end_of_bag(self.ids.len())),
            None => assert_eq!(ids.len(), 1, "a one-hot row has exactly one id"),
        }
    }

    /// Appends `id` to the row that [`end_bag`](Self::end_bag) will close.
    pub(crate) fn push_open(&mut self, id: u32) {
        self.ids.push(id);
    }

    /// The number of ids that were pushed after the last row was closed.
    pub(crate) fn open_len(&self) -> usize {
        self.ids.len() - self.offsets.as_deref().map_or(self.ids.len(), last_offset)
    }

    /// Closes a row of a multi-hot column.
    ///
    /// Returns false and leaves the row open if the column would hold 2³² ids or more.
    pub(crate) fn end_bag(&mut self, weight: Option<F>) -> bool {
        if let Some(weight) = weight {
            self.weights.resize(self.ids.len(), weight);
        }
        let (Some(offsets), Ok(end)) = (&mut self.offsets, u32::try_from(self.ids.len())) else {
            return false;
        };
        offsets.push(end);
        true
    }

    /// Whether `other` can be appended: a column with offsets must hold fewer than 2³² ids.
    pub(crate) fn has_room_for(&self, other: &Self) -> bool {
        let ends =
            self.offsets.as_deref().map(last_offset).zip(other.offsets.as_deref().map(last_offset));
        ends.is_none_or(|(end, more)| u32::try_from(end + more).is_ok())
    }

    #[track_caller]
    pub(crate) fn append(&mut self, other: &Self, rows: Range<usize>) {
        assert_eq!(
            self.offsets.is_some(),
            other.offsets.is_some(),
            "a one-hot and a multi-hot column cannot be joined"
        );
        let ids = other.ids_of(&rows);
        let base = self.ids.len();
        self.extend(
            &other.ids[ids.clone()],
            other.weights.get(ids.clone()).filter(|w| !w.is_empty()),
        );
        if let (Some(into), Some(from)) = (&mut self.offsets, &other.offsets) {
            let ends = &from[rows.start + 1..rows.end + 1];
            into.extend(ends.iter().map(|&end| end_of_bag(base + end as usize - ids.start)));
        }
    }

    /// Whether a column of `n_rows` rows like the first can be made: one with offsets must hold fewer than 2³² ids.
    pub(crate) fn has_room_for_copies(&self, n_rows: usize) -> bool {
        let n_ids = self.offsets.as_ref().map_or(0, |offsets| offsets.get(1).map_or(0, |&n| n));
        (n_ids as usize).checked_mul(n_rows).is_some_and(|n_ids| u32::try_from(n_ids).is_ok())
    }

    /// Appends rows of `other`; with one id a row, without a check for each row.
    #[track_caller]
    pub(crate) fn append_each(&mut self, other: &Self, rows: &[usize]) {
        match self.offsets.is_none() && other.offsets.is_none() {
            true => self.ids.extend(rows.iter().map(|&row| other.ids[row])),
            false => rows.iter().for_each(|&row| self.append(other, row..row + 1)),
        }
    }

    /// Appends copies of the first row of `other`.
    #[track_caller]
    pub(crate) fn append_copies(&mut self, other: &Self, n_rows: usize) {
        if self.offsets.is_none() && other.offsets.is_none() {
            self.ids.resize(self.ids.len() + n_rows, other.ids[0]);
            return;
        }
        (0..n_rows).for_each(|_| self.append(other, 0..1));
    }

    #[track_caller]
    fn extend(&mut self, ids: &[u32], weights: Option<&[F]>) {
        if !ids.is_empty() {
            let weighted_so_far = (!self.ids.is_empty()).then_some(!self.weights.is_empty());
            assert!(
                weighted_so_far.is_none_or(|weighted| weighted == weights.is_some()),
                "a column cannot hold both weighted and unweighted ids"
            );
        }
        if let Some(weights) = weights {
            assert_eq!(weights.len(), ids.len(), "a row has as many weights as ids");
            self.weights.extend_from_slice(weights);
        }
        self.ids.extend_from_slice(ids);
    }

    /// The positions of the ids of `rows`.
    fn ids_of(&self, rows: &Range<usize>) -> Range<usize> {
        match &self.offsets {
            Some(offsets) => offsets[rows.start] as usize..offsets[rows.end] as usize,
            None => rows.clone(),
        }
    }

    pub(crate) fn truncate(&mut self, n_rows: usize) {
        let n_ids = match &mut self.offsets {
            Some(offsets) => {
                offsets.truncate(n_rows + 1);
                last_offset(offsets)
            }
            None => n_rows,
        };
        self.ids.truncate(n_ids);
        self.weights.truncate(n_ids);
    }

    #[track_caller]
    pub(crate) fn keep_rows(&mut self, rows: &[usize]) {
        let mut end = 0;
        for (place, &row) in rows.iter().enumerate() {
            let ids = self.ids_of(&(row..row + 1));
            let start = end;
            end += ids.len();
            self.ids.copy_within(ids.clone(), start);
            if !self.weights.is_empty() {
                self.weights.copy_within(ids, start);
            }
            // Later rows read offsets after this one; or this one, if all rows so far were kept: it stays the same.
            if let Some(offsets) = &mut self.offsets {
                offsets[place + 1] = end_of_bag(end);
            }
        }
        self.truncate(rows.len());
    }

    pub(crate) fn reserve(&mut self, n_rows: usize) {
        let ids_a_row = self.ids.len().div_ceil(self.n_rows().max(1)).max(1);
        self.ids.reserve(n_rows * ids_a_row);
        if !self.weights.is_empty() {
            self.weights.reserve(n_rows * ids_a_row);
        }
        if let Some(offsets) = &mut self.offsets {
            offsets.reserve(n_rows);
        }
    }

    pub(crate) fn map_values<G>(&self, convert: impl Fn(F) -> G) -> SparseColumn<G> {
        SparseColumn {
            offsets: self.offsets.clone(),
            ids: self.ids.clone(),
            weights: self.weights.iter().map(|&weight| convert(weight)).collect(),
        }
    }

    /// The reason why this column is not valid for ids less than `dimensions`, if there is one.
    pub(crate) fn problem(&self, dimensions: usize, multi_hot: bool) -> Option<String> {
        let problem = match (&self.offsets, multi_hot) {
            (Some(offsets), true) => offsets_problem(offsets, self.ids.len()),
            (None, false) => None,
            (Some(_), false) => {
                Some("holds bags of ids, but one id per row is expected".to_owned())
            }
            (None, true) => Some("holds one id per row, but bags of ids are expected".to_owned()),
        };
        problem.or_else(|| self.weights_problem()).or_else(|| self.ids_problem(dimensions))
    }

    fn weights_problem(&self) -> Option<String> {
        let (n_ids, n_weights) = (self.ids.len(), self.weights.len());
        (n_weights != 0 && n_weights != n_ids)
            .then(|| format!("has {n_ids} ids, but {n_weights} weights"))
    }

    fn ids_problem(&self, dimensions: usize) -> Option<String> {
        let bad = self.ids.iter().find(|&&id| id as usize >= dimensions)?;
        Some(format!("has the id {bad}, but ids must be less than {dimensions}"))
    }
}

/// Rows that are written id by id and then closed by [`SparseColumn::end_bag`].
impl SparseColumn {
    /// Appends `id` with its weight to the open row.
    pub(crate) fn push_open_weighted(&mut self, id: u32, weight: f32) {
        self.ids.push(id);
        self.weights.push(weight);
    }

    /// The weights of the open row of a weighted column.
    pub(crate) fn open_weights_mut(&mut self) -> &mut [f32] {
        let start = self.open_start();
        &mut self.weights[start..]
    }

    /// Sorts the ids of the open row and keeps each once; the weight of an id is the number of times that it was there.
    pub(crate) fn merge_open(&mut self) {
        let start = self.open_start();
        self.ids[start..].sort_unstable();
        let mut end = start;
        for next in start..self.ids.len() {
            if end > start && self.ids[end - 1] == self.ids[next] {
                self.weights[end - 1] += 1.0;
            } else {
                self.ids[end] = self.ids[next];
                self.weights.push(1.0);
                end += 1;
            }
        }
        self.ids.truncate(end);
    }

    /// Sorts the ids of the open row and keeps each once.
    pub(crate) fn dedup_open(&mut self) {
        let start = self.open_start();
        self.ids[start..].sort_unstable();
        let mut end = start;
        for next in start..self.ids.len() {
            if end == start || self.ids[end - 1] != self.ids[next] {
                self.ids[end] = self.ids[next];
                end += 1;
            }
        }
        self.ids.truncate(end);
    }

    fn open_start(&self) -> usize {
        self.ids.len() - self.open_len()
    }
}

fn last_offset(offsets: &[u32]) -> usize {
    offsets.last().map_or(0, |&end| end as usize)
}

#[track_caller]
fn end_of_bag(n_ids: usize) -> u32 {
    u32::try_from(n_ids)
        .unwrap_or_else(|_| panic!("a column holds fewer than 2^32 ids, not {n_ids}"))
}

fn offsets_problem(offsets: &[u32], n_ids: usize) -> Option<String> {
    if offsets.first() != Some(&0) {
        return Some("has offsets that do not begin with 0".to_owned());
    }
    if let Some(pair) = offsets.windows(2).find(|pair| pair[0] > pair[1]) {
        return Some(format!("has offsets that decrease from {} to {}", pair[0], pair[1]));
    }
    let end = last_offset(offsets);
    (end != n_ids).then(|| format!("has {n_ids} ids, but offsets that end at {end}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bags() -> SparseColumn {
        SparseColumn::multi_hot(vec![0], Vec::new(), Vec::new())
    }

    #[test]
    fn bags_are_pushed_truncated_and_appended() {
        let mut column = bags();
        column.push_bag(&[1, 2], Some(&[0.5, 0.5]));
        column.push_bag(&[], None);
        column.push_bag(&[3], Some(&[2.0]));
        let whole = column.clone();
        column.truncate(2);
        assert_eq!(column, SparseColumn::multi_hot(vec![0, 2, 2], vec![1, 2], vec![0.5, 0.5]));
        column.append(&whole, 1..3);
        let expected =
            SparseColumn::multi_hot(vec![0, 2, 2, 2, 3], vec![1, 2, 3], vec![0.5, 0.5, 2.0]);
        assert_eq!(column, expected);
    }

    #[test]
    fn truncating_removes_an_open_row() {
        let mut column = bags();
        column.push_id(4);
        column.push_open(5);
        assert_eq!(column.open_len(), 1);
        column.truncate(1);
        assert_eq!(column, SparseColumn::multi_hot(vec![0, 1], vec![4], vec![]));
    }

    #[test]
    fn equal_ids_of_an_open_row_are_merged() {
        let open = |ids: &[u32]| {
            let mut column = bags();
            column.push_bag(&[9], Some(&[0.5]));
            ids.iter().for_each(|&id| column.push_open(id));
            column
        };
        let mut merged = open(&[9, 2, 9, 9, 4]);
        merged.merge_open();
        merged.end_bag(None);
        let (ids, weights) = (vec![9, 2, 4, 9], vec![0.5, 1.0, 1.0, 3.0]);
        assert_eq!(merged, SparseColumn::multi_hot(vec![0, 1, 4], ids, weights));
        let mut once = open(&[3, 2, 3]);
        once.dedup_open();
        assert_eq!(once.ids(), [9, 2, 3]);
        for mut empty in [open(&[]), bags()] {
            let before = empty.clone();
            empty.merge_open();
            empty.dedup_open();
            assert_eq!(empty, before);
        }
    }

    #[test]
    #[should_panic(expected = "both weighted and unweighted")]
    fn weighted_and_unweighted_ids_do_not_mix() {
        let mut column = bags();
        column.push_bag(&[1], Some(&[1.0]));
        column.push_id(1);
    }

    #[test]
    #[should_panic(expected = "as many weights as ids")]
    fn each_id_has_its_weight() {
        bags().push_bag(&[1], Some(&[]));
    }

    #[test]
    #[should_panic(expected = "exactly one id")]
    fn one_hot_rows_have_one_id() {
        SparseColumn::<f32>::one_hot(vec![]).push_bag(&[1, 2], None);
    }
}
