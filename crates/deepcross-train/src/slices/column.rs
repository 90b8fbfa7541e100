//! The values of a column, and the slice that each row is in.

use super::plan::{SliceForm, SliceKind, SlicePlan};
use deepcross_features::fields::DecimalMark;
use deepcross_features::{NumberForm, canonical};
use std::collections::HashMap;

/// The number of bytes of a value that are kept.
const MOST_BYTES: usize = 200;

/// Numbers in any form: the fields that read the column have refused all others but their own.
const ANY_FORM: NumberForm = NumberForm { decimal: DecimalMark::Comma, percent: true };

/// The id of a missing value.
const MISSING: u32 = 0;
/// The id of values that came after as many as are counted.
const LATE: u32 = u32::MAX;

/// The values of a column, four bytes a row.
#[derive(Debug)]
pub(super) enum Column {
    Values {
        /// The id of each value, from 1.
        ids: HashMap<Box<[u8]>, u32>,
        rows: Vec<u32>,
    },
    /// Numbers; NaN is a missing value.
    Numbers(Vec<f32>),
}

/// The slices of a column, and the slice that each row is in.
#[derive(Debug)]
pub(super) struct SlicedColumn {
    pub(super) kinds: Vec<SliceKind>,
    of_row: Vec<u32>,
}

impl Column {
    pub(super) fn new(form: SliceForm) -> Self {
        match form {
            SliceForm::Values => Self::Values { ids: HashMap::new(), rows: Vec::new() },
            SliceForm::Numbers => Self::Numbers(Vec::new()),
        }
    }

    pub(super) fn form(&self) -> SliceForm {
        match self {
            Self::Values { .. } => SliceForm::Values,
            Self::Numbers(_) => SliceForm::Numbers,
        }
    }

    /// Adds a value, of which all spellings are one; it is missing if it is empty or one of `missing`, which are canonical.
    pub(super) fn push(&mut self, value: &[u8], missing: &[Vec<u8>], plan: &SlicePlan) {
        let value = &*canonical(value);
        let is_missing = value.is_empty() || missing.iter().any(|known| **known == *value);
        match self {
            Self::Numbers(rows) => {
                let text = str::from_utf8(value).ok().filter(|_| !is_missing);
                let number = text.and_then(|text| ANY_FORM.read(text));
                rows.push(number.map_or(f32::NAN, |number| number as f32));
            }
            Self::Values { rows, .. } if is_missing => rows.push(MISSING),
            Self::Values { ids, rows } => {
                let value = &value[..value.len().min(MOST_BYTES)];
                let next = ids.len() as u32 + 1;
                rows.push(match ids.get(value) {
                    Some(&id) => id,
                    None if ids.len() < plan.max_values => *ids.entry(value.into()).or_insert(next),
                    None => LATE,
                });
            }
        }
    }

    pub(super) fn slice(self, plan: &SlicePlan) -> SlicedColumn {
        match self {
            Self::Values { ids, rows } => slice_values(ids, rows, plan),
            Self::Numbers(rows) => slice_numbers(&rows, plan),
        }
    }
}

impl SlicedColumn {
    /// The rows of each slice, in their order.
    pub(super) fn rows(&self) -> Vec<Vec<u32>> {
        let mut rows = vec![Vec::new(); self.kinds.len()];
        for (row, &slice) in self.of_row.iter().enumerate() {
            rows[slice as usize].push(row as u32);
        }
        rows
    }

    /// Makes slices of candidates, which are in their final order: candidates without rows are left out, and candidates
    /// of few rows are put together with the late rows.
    fn of(candidates: Vec<SliceKind>, mut of_row: Vec<u32>, plan: &SlicePlan) -> Self {
        let mut rows = vec![0_u64; candidates.len()];
        let mut late = 0_u64;
        for &candidate in &of_row {
            rows.get_mut(candidate as usize).map_or_else(|| late += 1, |rows| *rows += 1);
        }
        let mut places = vec![LATE; candidates.len()];
        let (mut kinds, mut values, mut in_other) = (Vec::new(), 0, late);
        for (candidate, kind) in candidates.into_iter().enumerate() {
            if rows[candidate] >= plan.min_rows.max(1) {
                places[candidate] = kinds.len() as u32;
                kinds.push(kind);
            } else if rows[candidate] > 0 {
                values += 1;
                in_other += rows[candidate];
            }
        }
        let other = kinds.len() as u32;
        for slice in &mut of_row {
            let place = places.get(*slice as usize).copied().unwrap_or(LATE);
            *slice = if place == LATE { other } else { place };
        }
        if in_other > 0 {
            kinds.push(SliceKind::Other { values, and_more: late > 0 });
        }
        Self { kinds, of_row }
    }
}

/// Slices of values, from the most rows to the fewest, and by their bytes if these are equal; then that of missing
/// values.
fn slice_values(
    ids: HashMap<Box<[u8]>, u32>,
    mut rows: Vec<u32>,
    plan: &SlicePlan,
) -> SlicedColumn {
    let mut counts = vec![0_u64; ids.len() + 1];
    for &id in rows.iter().filter(|&&id| id != LATE) {
        counts[id as usize] += 1;
    }
    let mut values: Vec<_> = ids.into_iter().collect();
    values.sort_unstable_by(|(a, a_id), (b, b_id)| {
        let by_rows = counts[*b_id as usize].cmp(&counts[*a_id as usize]);
        by_rows.then_with(|| a.cmp(b))
    });
    let mut places = vec![values.len() as u32; counts.len()];
    for (place, (_, id)) in values.iter().enumerate() {
        places[*id as usize] = place as u32;
    }
    for id in rows.iter_mut().filter(|id| **id != LATE) {
        *id = places[*id as usize];
    }
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let kinds = values.iter().map(|(value, _)| SliceKind::Value { text: text(value) });
    SlicedColumn::of(kinds.chain([SliceKind::Missing]).collect(), rows, plan)
}

/// Slices of ranges between cuts; equal numbers are in one range.
fn slice_numbers(rows: &[f32], plan: &SlicePlan) -> SlicedColumn {
    let mut sorted: Vec<f32> = rows.iter().copied().filter(|number| !number.is_nan()).collect();
    sorted.sort_unstable_by(f32::total_cmp);
    let cuts = cuts(&sorted, plan);
    let range = |number: f32| cuts.partition_point(|&cut| cut <= number);
    let mut ends = vec![(f32::INFINITY, f32::NEG_INFINITY); cuts.len() + 1];
    for &number in &sorted {
        let (low, high) = &mut ends[range(number)];
        (*low, *high) = (low.min(number), high.max(number));
    }
    let place = |&number: &f32| if number.is_nan() { ends.len() } else { range(number) } as u32;
    let of_row = rows.iter().map(place).collect();
    let kinds = ends.iter().map(|&(low, high)| SliceKind::Range { low, high });
    SlicedColumn::of(kinds.chain([SliceKind::Missing]).collect(), of_row, plan)
}

/// The first numbers of ranges: quantiles of the sorted numbers. A number that is several quantiles has its own range.
fn cuts(sorted: &[f32], plan: &SlicePlan) -> Vec<f32> {
    let n_ranges = (sorted.len() as u64 / plan.min_rows.max(1)).min(plan.ranges.get() as u64);
    let n_ranges = n_ranges as usize;
    let at = |range: usize| sorted[sorted.len() * range / n_ranges];
    let quantiles: Vec<f32> = (1..n_ranges).map(at).collect();
    let mut cuts = Vec::new();
    for tied in quantiles.chunk_by(|a, b| a == b) {
        cuts.push(tied[0]);
        let above = sorted.partition_point(|&number| number <= tied[0]);
        cuts.extend(sorted.get(above).filter(|_| tied.len() > 1));
    }
    cuts.dedup();
    cuts
}

#[cfg(test)]
mod tests {
    use super::super::SlicedRows;
    use super::*;

    #[test]
    fn a_value_is_one_slice_in_all_its_spellings() {
        let mut column = Column::new(SliceForm::Values);
        let (missing, plan) = ([b"-1".to_vec()], SlicePlan::default());
        for text in ["7", "7.0", "true", "True", "-1", "-1.0", "", "07"] {
            column.push(text.as_bytes(), &missing, &plan);
        }
        let Column::Values { rows, .. } = column else { panic!("not a column of values") };
        assert_eq!(rows, [1, 1, 2, 2, MISSING, MISSING, MISSING, 3]);
    }

    #[test]
    fn numbers_are_read_in_the_forms_that_fields_read() {
        let mut column = Column::new(SliceForm::Numbers);
        let (missing, plan) = ([Vec::new()], SlicePlan::default());
        for text in ["1.5", "1,5", "5%", "", "x", "1e300"] {
            column.push(text.as_bytes(), &missing, &plan);
        }
        let Column::Numbers(rows) = column else { panic!("not a column of numbers") };
        assert_eq!(rows[..3], [1.5, 1.5, 5.0]);
        assert!(rows[3..].iter().all(|number| number.is_nan()), "{rows:?}");
    }

    #[test]
    fn a_missing_value_may_be_spelled_in_several_ways() {
        let missing = vec![String::new(), "-1.0".to_owned()];
        let sliced = SlicedRows::new(&[], missing, SlicePlan::default());
        let mut column = Column::new(SliceForm::Values);
        for text in ["", "-1", "-1.0", "1"] {
            column.push(text.as_bytes(), &sliced.missing, &sliced.plan);
        }
        let Column::Values { rows, .. } = column else { panic!("not a column of values") };
        assert_eq!(rows, [MISSING, MISSING, MISSING, 1]);
    }
}
