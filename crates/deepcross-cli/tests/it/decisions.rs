//! Tests of `evaluate --threshold`.

use crate::{CONFIG, Folder, csv};
use serde_json::Value;

#[test]
fn decisions_at_a_threshold_are_shown_in_every_form() {
    let folder = Folder::with_model();
    let call = "evaluate --model model.dcx --data train.csv";
    let probabilities = folder.succeed("predict --model model.dcx --data train.csv").stdout;
    let labels = folder.text("train.csv");
    let (mut outcomes, threshold) = ([0.0; 4], 0.25);
    for (p, row) in probabilities.lines().skip(1).zip(labels.lines().skip(1)) {
        let taken = p.parse::<f64>().unwrap() >= threshold;
        outcomes[2 * usize::from(taken) + usize::from(row.starts_with('1'))] += 1.0;
    }
    let [tn, miss, fp, tp] = outcomes;
    let json = folder.succeed(&format!("{call} --threshold 0.25 --json")).stdout;
    let json: Value = serde_json::from_str(&json).unwrap();
    let found = |name: &str| json["decisions"][name].as_f64().unwrap();
    assert_eq!(
        ["true_negative", "false_negative", "false_positive", "true_positive"].map(found),
        outcomes
    );
    assert_eq!(found("threshold"), threshold);
    let close = |name: &str, expected: f64| {
        assert!((found(name) - expected).abs() < 1e-12, "{name}: {expected}");
    };
    close("accuracy", (tp + tn) / 200.0);
    close("precision", tp / (tp + fp));
    close("recall", tp / (tp + miss));
    close("f1", 2.0 * tp / (2.0 * tp + fp + miss));
    let table = folder.succeed(&format!("{call} --threshold 0.25 --report page.html")).stdout;
    for name in ["decisions at 0.25", "precision ", "F1 ", "MCC ", "false positives "] {
        assert!(table.contains(name), "{name}\n{table}");
    }
    assert!(folder.text("page.html").contains("<h2>Decisions</h2>"));
    assert!(!folder.succeed(&format!("{call} --json")).stdout.contains("decisions"));
    for threshold in ["1.5", "-0.1", "nan", "half"] {
        let outcome = folder.call(&format!("{call} --threshold={threshold}"));
        assert_eq!(outcome.code, Some(2), "{threshold}");
        assert!(outcome.stderr.contains("must be a number from 0 to 1"), "{}", outcome.stderr);
    }
    // Sums of weights have few digits in tables.
    let text = csv(200);
    let weighted = text.lines().enumerate().map(|(i, line)| match i {
        0 => format!("{line},w\n"),
        i => format!("{line},{}\n", ["1", "1e-7", "0.1"][i % 3]),
    });
    folder.write("weighted.csv", weighted.collect::<String>());
    folder.write("weighted.toml", CONFIG.replace("[data]", "[data]\nweight = \"w\""));
    folder.succeed("train --config weighted.toml --data weighted.csv --out weighted.dcx");
    let call = "evaluate --model weighted.dcx --data weighted.csv --threshold 0";
    let table = folder.succeed(call).stdout;
    let counts = table.lines().filter(|line| line.contains("positives") && !line.contains(','));
    let digits = |line: &str| line.chars().filter(char::is_ascii_digit).count();
    assert!(counts.clone().count() == 2 && counts.clone().all(|line| digits(line) <= 6), "{table}");
}
