//! Rows from slices that lie side by side.

use crate::MetricError;

/// The weights of rows in slices that all have the weight 1.
pub const UNWEIGHTED: &[f64] = &[];

/// Passes each row of the slices to `push`, in order, and stops at the first one that it refuses.
///
/// `weights` has one entry a row, or none if every weight is 1.
///
/// # Errors
/// [`MetricError::Length`] before any row is passed on; [`MetricError::Row`] around the error of
/// `push` for a row.
pub(crate) fn for_each_row<S: Copy, L: Copy, W: Copy + Into<f64>>(
    scores: &[S],
    labels: &[L],
    weights: &[W],
    mut push: impl FnMut(S, L, f64) -> Result<(), MetricError>,
) -> Result<(), MetricError> {
    check_length("labels", labels.len(), scores.len())?;
    if !weights.is_empty() {
        check_length("weights", weights.len(), scores.len())?;
    }
    for (row, (&score, &label)) in scores.iter().zip(labels).enumerate() {
        let weight = weights.get(row).map_or(1.0, |&weight| weight.into());
        push(score, label, weight)
            .map_err(|problem| MetricError::Row { row, problem: Box::new(problem) })?;
    }
    Ok(())
}

/// Checks that the slice of this name has the expected number of entries.
pub(crate) fn check_length(
    slice: &'static str,
    found: usize,
    expected: usize,
) -> Result<(), MetricError> {
    if found == expected { Ok(()) } else { Err(MetricError::Length { slice, expected, found }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(scores: &[f64], labels: &[u8], weights: &[f64], expected: &str) {
        let mut seen = Vec::new();
        let result = for_each_row(scores, labels, weights, |score, label, weight| {
            seen.push(format!("{score} {label} {weight}"));
            if label > 1 { Err(MetricError::Label { value: label.into() }) } else { Ok(()) }
        });
        let found = result.map_or_else(|problem| problem.to_string(), |()| seen.join(", "));
        assert_eq!(found, expected);
    }

    #[test]
    fn rows_come_in_order() {
        check(&[], &[], &[], "");
        check(&[0.5, 0.25], &[1, 0], &[2.0, 3.0], "0.5 1 2, 0.25 0 3");
        check(&[0.5, 0.25], &[1, 0], &[], "0.5 1 1, 0.25 0 1");
    }

    #[test]
    fn problems_name_the_slice_or_the_row() {
        let labels = "labels must have one entry for each of the 2 scores, but has 1";
        check(&[0.5, 0.25], &[1], &[], labels);
        let weights = "weights must have one entry for each of the 2 scores, but has 3";
        check(&[0.5, 0.25], &[1, 0], &[1.0; 3], weights);
        check(&[0.5, 0.25], &[1, 7], &[], "row 1: label must be 0 or 1, but is 7");
    }
}
