//! The census income data in their raw form, where they are at hand.

use crate::Folder;
use std::path::Path;

const CONFIG: &str = r#"
[data]
format = "csv"
columns = [
    "age", "workclass", "fnlwgt", "education", "education-num", "marital-status", "occupation", "relationship",
    "race", "sex", "capital-gain", "capital-loss", "hours-per-week", "native-country", "income",
]
label = { column = "income", positive = [">50K", ">50K."], negative = ["<=50K", "<=50K."] }
missing = ["", "?"]
comment = "|"

[[field]]
name = "age"
kind = "number"

[[field]]
name = "education"
kind = "categorical"

[[field]]
name = "marital-status"
kind = "categorical"

[[field]]
name = "occupation"
kind = "categorical"

[[field]]
name = "capital-gain"
kind = "number"
transform = "log1p"

[[field]]
name = "hours-per-week"
kind = "number"

[[field]]
name = "native-country"
kind = "categorical"
min_count = 5

[model]
embedding = 4
hidden = [16]

[train]
epochs = 2
batch = 256
"#;

#[test]
fn census_income_is_read_as_it_comes() {
    let Some(data) = std::env::var_os("DEEPCROSS_DATA") else {
        println!("skipped: DEEPCROSS_DATA is not set");
        return;
    };
    let adult = Path::new(&data).join("adult");
    let folder = Folder::new();
    folder.write("run.toml", CONFIG);
    for name in ["adult.data", "adult.test"] {
        std::fs::copy(adult.join(name), folder.path(name)).unwrap();
    }
    folder.succeed("train --config run.toml --data adult.data --out adult.dcx");
    let json = folder.succeed("evaluate --model adult.dcx --data adult.test --json").stdout;
    let report: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&report["rows"], &report["positives"]), (&16_281.into(), &3_846.into()), "{json}");
    assert!(report["auc"].as_f64().is_some_and(|auc| auc > 0.86), "{json}");
    assert_eq!(report["missing"]["occupation"], 966, "{json}");
}
