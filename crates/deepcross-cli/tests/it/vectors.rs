//! Fields of vectors from outside: found by `infer-config`, trained, described and refused; the service has a test of its own.

use crate::Folder;
use std::fmt::Write;

/// Rows whose click follows from the first number of a vector; every twentieth row has none.
pub(crate) fn vector_rows(n: usize) -> String {
    let mut text = "click,ad,image\n".to_owned();
    for i in 0..n {
        let number = |k: usize| ((i * 37 + k * 11) * 7919 % 1000) as f32 / 500.0 - 1.0;
        let numbers = [0, 1, 2].map(number);
        let image = match i % 20 {
            7 => String::new(),
            _ => format!("\"[{}, {}, {}]\"", numbers[0], numbers[1], numbers[2]),
        };
        // Writing to a string does not fail.
        writeln!(text, "{},ad{},{image}", u8::from(numbers[0] > 0.0), i % 7).unwrap();
    }
    text
}

#[test]
fn vectors_are_found_and_learned() {
    let folder = Folder::new();
    folder.write("train.csv", vector_rows(1200));
    folder.write("new.csv", vector_rows(300));
    folder.succeed("infer-config --data train.csv --label click --out run.toml");
    let config = folder.text("run.toml");
    let field = "name = \"image\"\nkind = \"vector\"\nwidth = 3\n";
    assert!(config.contains(field), "{config}");
    assert!(config.contains("# vectors: 3 numbers in each value"), "{config}");
    folder.succeed("train --config run.toml --data train.csv --out model.dcx --set train.epochs=5");
    let metrics = folder.succeed("evaluate --model model.dcx --data new.csv --json").stdout;
    let metrics: serde_json::Value = serde_json::from_str(&metrics).unwrap();
    assert!(
        metrics["auc"]["value"].as_f64().or(metrics["auc"].as_f64()).unwrap() > 0.9,
        "{metrics}"
    );
    let inspected = folder.succeed("inspect --model model.dcx").stdout;
    assert!(
        inspected.contains("a vector of 3 numbers, missing: zeros and an indicator"),
        "{inspected}"
    );
    folder.write("short.csv", "ad,image\nad1,0.5 1\n");
    folder.fail(
        "predict --model model.dcx --data short.csv --out p.csv",
        1,
        "`short.csv`, line 2 (`ad1,0.5 1`): field `image` is `0.5 1`, expected a vector of the field's width; it has 2 \
         numbers, but the vectors of this field have 3",
    );
}
