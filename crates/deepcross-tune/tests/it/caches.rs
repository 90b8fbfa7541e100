//! The caches of trials that are out are removed while the search goes on.

use crate::Case;
use deepcross_tune::TuneEvent;

#[test]
fn caches_of_trials_that_are_out_are_removed() {
    // Each trial has its own fields.
    let ranges = "epochs = 9\n[tune]\ntrain.learning_rate = [0.05]\nfield.ad.top = [2, 3, 4, 5, 6, 7, 8, 9]\n";
    let case = Case::new(ranges, (300, 300), 0.2);
    let caches = || std::fs::read_dir(case.path("caches")).unwrap().count();
    let (mut rungs, mut at_end, mut n_made) = (Vec::new(), None, 0);
    let tuned = case.search(&case.options((9, 1), &|| false), &mut |event| match event {
        TuneEvent::Rung { trials, .. } => rungs.push((trials.len(), caches())),
        TuneEvent::CacheMade { .. } => n_made += 1,
        TuneEvent::Final { .. } => at_end = Some(caches()),
        _ => {}
    });
    assert!(tuned.unwrap().winner.number > 0);
    assert!(n_made > 4, "{n_made}");
    assert!(rungs.len() > 1 && rungs.iter().all(|(trials, caches)| caches <= trials), "{rungs:?}");
    // Those of the winner and of the configuration as it is.
    assert_eq!(at_end, Some(2));
}
