//! On labels that are noise, a search rarely says that something was won.

use crate::Case;
use deepcross_tune::Verdict;

#[test]
fn searches_over_noise_rarely_find_a_gain() {
    const N: usize = 60;
    let ranges =
        "epochs = 1\n[tune]\ntrain.learning_rate = [0.02, 0.1]\nfield.ad.top = [3, 5, 9]\n";
    let verdicts = (0..N as u64).map(|seed| {
        let case = Case::of_seed(ranges, (200, 200), 0.0, seed);
        case.search(&case.options((3, 2), &|| false), &mut |_| ()).unwrap().verdict
    });
    let verdicts: Vec<_> = verdicts.collect();
    let n = |wanted: &Verdict| verdicts.iter().filter(|verdict| *verdict == wanted).count() as f64;
    // Five standard errors above what an interval of 95 % promises.
    let most = |share: f64| N as f64 * share + 5.0 * (N as f64 * share * (1.0 - share)).sqrt();
    let (better, worse) = (n(&Verdict::Better), n(&Verdict::Worse));
    assert!(better <= most(0.025), "{verdicts:?}");
    assert!(better + worse + n(&Verdict::NotBetter) > N as f64 / 4.0, "{verdicts:?}");
}
