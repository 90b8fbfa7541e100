//! The logit of the mean of several probabilities, found from their logits.
//!
//! Probabilities are rounded to 0 or 1 far from a logit of 0, and their logits are not: so the logit of the mean keeps
//! an order there.
//! The terms are sorted before they are summed, so that the order of the logits changes no bit.

/// The greatest number of members of a model.
pub const MAX_MEMBERS: usize = 16;

/// The largest distance of a logit from 0 at which both probabilities, that of a click and that of none, are normal
/// numbers of `f64`.
const FAR: f64 = 700.0;

/// The logit of the arithmetic mean of the probabilities that belong to `logits`, which are sorted.
///
/// It is NaN if one of them is, and if there is none.
pub fn mean_logit(logits: &mut [f64]) -> f64 {
    logits.sort_unstable_by(f64::total_cmp);
    let [Some(&least), Some(&greatest)] = [logits.first(), logits.last()] else { return f64::NAN };
    if least.is_nan() || greatest.is_nan() {
        return f64::NAN;
    }
    if greatest < -FAR {
        // Each probability is e to the power of its logit, to the last bit.
        return ln_mean_exp(logits.iter().copied(), greatest);
    }
    if least > FAR {
        return -ln_mean_exp(logits.iter().rev().map(|logit| -logit), -least);
    }
    let [clicks, others] = logits.iter().fold([0.0, 0.0], |[clicks, others], &logit| {
        let [click, other] = probabilities(logit);
        [clicks + click, others + other]
    });
    libm::log(clicks / others)
}

/// Writes the logit of the mean probability of each row, given the logits of each member; there may be more of them than
/// rows.
///
/// A single member keeps its logits, to the bit.
///
/// # Panics
/// If there are more members than [`MAX_MEMBERS`], or fewer logits than rows.
#[track_caller]
pub fn mean_logits(members: &[impl AsRef<[f32]>], out: &mut [f32]) {
    if let [single] = members {
        return out.copy_from_slice(&single.as_ref()[..out.len()]);
    }
    let mut of_row = [0.0; MAX_MEMBERS];
    let of_row = &mut of_row[..members.len()];
    for (row, out) in out.iter_mut().enumerate() {
        let logits = members.iter().map(|logits| f64::from(logits.as_ref()[row]));
        of_row.iter_mut().zip(logits).for_each(|(one, logit)| *one = logit);
        *out = mean_logit(of_row) as f32;
    }
}

/// The probability of a click and that of none, each without rounding it to 0.
fn probabilities(logit: f64) -> [f64; 2] {
    let odds = libm::exp(-logit.abs());
    let likely = 1.0 / (1.0 + odds);
    let unlikely = odds * likely;
    if logit >= 0.0 { [likely, unlikely] } else { [unlikely, likely] }
}

/// The logarithm of the mean of e to the power of each term, the least one first.
fn ln_mean_exp(terms: impl ExactSizeIterator<Item = f64>, greatest: f64) -> f64 {
    let (n, greatest) = (terms.len() as f64, greatest.max(f64::MIN));
    let sum: f64 = terms.map(|term| libm::exp(term.max(f64::MIN) - greatest)).sum();
    greatest + libm::log(sum / n)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(logits: &[f64]) -> f64 {
        mean_logit(&mut logits.to_vec())
    }

    #[test]
    fn it_is_the_logit_of_the_mean_probability() {
        for logits in [&[0.5, -1.0][..], &[2.0, 3.0, -4.0], &[-9.0, 0.0, 9.0, 1.5], &[7.0]] {
            let p = logits.iter().map(|&logit: &f64| 1.0 / (1.0 + (-logit).exp()));
            let mean = p.sum::<f64>() / logits.len() as f64;
            assert!((of(logits) - (mean / (1.0 - mean)).ln()).abs() < 1e-12, "{logits:?}");
        }
    }

    #[test]
    fn far_logits_keep_their_order_and_have_no_gap() {
        for sign in [1.0, -1.0] {
            let found: Vec<_> = (0..2000)
                .map(f64::from)
                .map(|logit| sign * of(&[sign * logit, sign * (logit + 10.0)]))
                .collect();
            let rises = found.windows(2).map(|pair| pair[1] - pair[0]);
            assert!(rises.clone().all(|rise| rise > 0.4 && rise < 1.1));
            assert!(rises.skip(20).all(|rise| (rise - 1.0).abs() < 1e-9));
        }
        // The nearer one leads: ln((1 + e^-1000) / 2).
        assert_eq!(of(&[-1000.0, -2000.0]), -1000.0 - 2.0_f64.ln());
        assert_eq!(of(&[1000.0, 2000.0]), 1000.0 + 2.0_f64.ln());
        let [greatest, least] = [f32::MAX, f32::MIN].map(f64::from);
        assert_eq!([of(&[greatest; 2]), of(&[least; 2])], [greatest, least]);
        assert_eq!(of(&[greatest, least]), 0.0);
    }

    #[test]
    fn infinite_logits_have_a_mean_and_nan_has_none() {
        let infinite = f64::INFINITY;
        assert_eq!([of(&[infinite; 3]), of(&[-infinite; 3])], [f64::MAX, f64::MIN]);
        assert_eq!(of(&[infinite, -infinite]), 0.0);
        assert!((of(&[infinite, 0.0]) - 3.0_f64.ln()).abs() < 1e-15);
        for nan in [f64::NAN, -f64::NAN] {
            assert!(of(&[nan, 1.0]).is_nan() && of(&[-800.0, nan]).is_nan());
            assert!(of(&[nan, 800.0]).is_nan() && of(&[nan; 2]).is_nan());
        }
        assert!(of(&[]).is_nan());
    }

    #[test]
    fn the_order_changes_no_bit() {
        // The mean is about one half, so that its logit is what the rounding of the sums leaves.
        let mut logits = [1.7, -1.7, 3.1, -3.1, 0.3, -0.3, 2.2, -2.2];
        let expected = of(&logits).to_bits();
        for _ in 0..8 {
            logits.rotate_left(1);
            assert_eq!(of(&logits).to_bits(), expected);
            logits.swap(2, 5);
            assert_eq!(of(&logits).to_bits(), expected);
        }
    }
}
