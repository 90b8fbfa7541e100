//! Measures the scores of any model: in one piece, streamed in parts, and with row weights.
//!
//! ```text
//! cargo run --release --example evaluate_scores
//! ```

#![allow(clippy::print_stdout, reason = "an example shows what it found")]

use deepcross::metrics::ranking::roc_auc;
use deepcross::metrics::{Evaluation, MetricError, Summary, UNWEIGHTED};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

const ROWS: usize = 200_000;

fn main() -> Result<(), MetricError> {
    let (probabilities, labels) = scores();

    let mut whole = Evaluation::default();
    whole.push_all(&probabilities, &labels, UNWEIGHTED)?;
    let whole = whole.finish().summary;
    print("a calibrated model", &whole);

    // Four parts, as four threads or files would evaluate them. The AUC is exact, and not an average of AUCs.
    let mut merged = Evaluation::default();
    for (probabilities, labels) in probabilities.chunks(ROWS / 4).zip(labels.chunks(ROWS / 4)) {
        let mut part = Evaluation::default();
        part.push_all(probabilities, labels, UNWEIGHTED)?;
        merged.merge(part);
    }
    let merged = merged.finish().summary;
    println!("\nin four parts, merged: the same AUC to the bit: {}", merged.auc == whole.auc);

    // Nine in ten misses are left out, the others have weight 10: the metrics are those of all rows, up to chance.
    let mut sampled = Evaluation::default();
    for (row, (&probability, &label)) in probabilities.iter().zip(&labels).enumerate() {
        match (label, row % 10) {
            (1, _) => sampled.push(probability, label, 1.0)?,
            (_, 0) => sampled.push(probability, label, 10.0)?,
            _ => {}
        }
    }
    print("\nnine in ten misses left out, the rest weighted", &sampled.finish().summary);

    // Scores that are twice too high rank as well as before, but their log loss and calibration are worse.
    let doubled: Vec<f64> = probabilities.iter().map(|p| (2.0 * p).min(1.0)).collect();
    let mut too_high = Evaluation::default();
    too_high.push_all(&doubled, &labels, UNWEIGHTED)?;
    print("\nscores twice too high", &too_high.finish().summary);

    println!("\nthe AUC of a single class is {:?}", roc_auc(&[0.2, 0.7], &[1, 1], UNWEIGHTED)?);
    Ok(())
}

/// Probabilities from 0 to 0.3, and clicks drawn from them.
fn scores() -> (Vec<f64>, Vec<u8>) {
    let mut random = ChaCha8Rng::seed_from_u64(7);
    let draw = |_| {
        let probability = 0.3 * random.random::<f64>().powi(2);
        (probability, u8::from(random.random_bool(probability)))
    };
    (0..ROWS).map(draw).unzip()
}

fn print(what: &str, summary: &Summary) {
    println!("{what}: {} rows, {} clicks", summary.rows, summary.positives);
    let metrics = [
        ("AUC", summary.auc),
        ("log loss", summary.log_loss),
        ("normalized entropy", summary.normalized_entropy),
        ("calibration", summary.calibration),
    ];
    for (name, value) in metrics {
        println!(
            "  {name:18} {}",
            value.map_or("undefined".to_owned(), |value| format!("{value:.4}"))
        );
    }
}
