//! Adjusts the p-values of several comparisons.

/// The p-values adjusted by Holm (1979), "A Simple Sequentially Rejective Multiple Test Procedure",
/// in their order.
///
/// If those below α are called differences, the probability that any of them is not is at most α,
/// however the tests depend on each other.
/// The least of m values is multiplied by m, the next by m − 1, and so on; none falls below the one
/// before it, or rises above 1. `None`, a comparison without a p-value, stays and is not counted.
pub fn holm(p_values: &[Option<f64>]) -> Vec<Option<f64>> {
    let mut order: Vec<(usize, f64)> =
        p_values.iter().enumerate().filter_map(|(place, p)| Some((place, (*p)?))).collect();
    order.sort_by(|a, b| a.1.total_cmp(&b.1));
    let (mut adjusted, mut least) = (vec![None; p_values.len()], 0.0_f64);
    for (rank, &(place, p)) in order.iter().enumerate() {
        least = least.max((order.len() - rank) as f64 * p).min(1.0);
        adjusted[place] = Some(least);
    }
    adjusted
}

#[cfg(test)]
mod tests {
    use super::holm;

    /// Worked out by hand: 5 · .005, 4 · .01, 3 · .03, 2 · .04 (below the one before), 1 · .9.
    #[test]
    fn steps_down_and_never_falls() {
        let found = holm(&[Some(0.01), Some(0.04), None, Some(0.03), Some(0.005), Some(0.9)]);
        let expected = [Some(0.04), Some(0.09), None, Some(0.09), Some(0.025), Some(0.9)];
        for (found, expected) in found.iter().zip(expected) {
            assert_eq!(found.is_some(), expected.is_some());
            let distance = found.unwrap_or(0.0) - expected.unwrap_or(0.0);
            assert!(distance.abs() < 1e-15, "{found:?} {expected:?}");
        }
        assert_eq!(holm(&[Some(0.6), Some(0.7)]), [Some(1.0), Some(1.0)]);
        assert_eq!(holm(&[None]), [None]);
    }
}
