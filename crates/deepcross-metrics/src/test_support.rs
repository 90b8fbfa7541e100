//! Helpers for the unit tests of several metrics.

/// Checks that both are undefined, or agree except for the last bits, in which logarithms differ
/// between platforms.
#[track_caller]
pub(crate) fn assert_close(found: Option<f64>, expected: Option<f64>) {
    let close = match (found, expected) {
        (Some(found), Some(expected)) => {
            (found - expected).abs() <= 1e-15 * expected.abs().max(1.0)
        }
        _ => found.is_none() && expected.is_none(),
    };
    assert!(close, "found {found:?}, expected {expected:?}");
}
