//! Turns raw values into ids and numbers: a schema, one fitting pass, and the encoding of values that fitting never
//! saw.
//!
//! ```text
//! cargo run --release --example encode_features
//! ```

#![allow(clippy::print_stdout, reason = "an example shows what it found")]

use deepcross::features::batch::ColumnRows;
use deepcross::features::{Encoder, FeatureError, FieldConfig, Fitter, Problem, Schema};
use std::collections::BTreeMap;

const FIELDS: &str = r#"
    [[field]]
    name = "campaign"
    kind = "categorical"
    min_count = 2           # a campaign met once is rare

    [[field]]
    name = "user"
    kind = "categorical"
    buckets = 1000          # hashed: no vocabulary, nothing is unseen

    [[field]]
    name = "genres"
    kind = "multi-hot"
    pooling = "mean"

    [[field]]
    name = "age"
    kind = "number"
    missing = "indicator"
"#;

const HEADER: [&str; 4] = ["campaign", "user", "genres", "age"];
const TRAINING: [[&str; 4]; 4] = [
    ["shoes", "u7", "news|sport", "20"],
    ["shoes", "u9", "sport", "60"],
    ["hats", "u7", "film|sport", "?"],
    ["shoes", "u4", "", "35"],
];
const NEW: [[&str; 4]; 3] =
    [["shoes", "u7", "sport", "30"], ["hats", "u8", "opera|news", "?"], ["ties", "", "", "80"]];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let tables: BTreeMap<String, Vec<FieldConfig>> = toml::from_str(FIELDS)?;
    let fields = tables.into_values().flatten().collect();
    let missing = vec![String::new(), "?".to_owned()];
    let schema = Schema::new(fields, missing).map_err(|problems| Problem::join(&problems, "\n"))?;

    let header = HEADER.map(String::from);
    let mut fitter = Fitter::new(&schema);
    let binding = fitter.bind(&header)?;
    for row in &TRAINING {
        fitter.observe(&binding, row)?;
    }
    let encoder = fitter.finish();
    println!("fitted on {} rows:", TRAINING.len());
    for field in encoder.fields() {
        println!("  {:9} {}", field.name, field.encoding);
    }
    Ok(encode(&encoder, &header)?)
}

/// Encodes the new rows, and prints ids and counts.
fn encode(encoder: &Encoder, header: &[String]) -> Result<(), FeatureError> {
    let binding = encoder.bind(header)?;
    let (mut batch, mut counts) = (encoder.new_batch(), encoder.new_counts());
    for row in &NEW {
        encoder.encode(&binding, row, &mut batch, &mut counts)?;
    }
    for (row, raw) in NEW.iter().enumerate() {
        println!("\n{raw:?}");
        for (field, name) in HEADER.iter().enumerate() {
            match batch.rows(row..row + 1).field(field) {
                ColumnRows::Sparse(bags) => println!("  {name:9} ids {:?}", bags.bag(0).ids),
                ColumnRows::Dense { values, .. } => println!("  {name:9} numbers {values:.3?}"),
            }
        }
    }
    println!();
    for (name, met) in counts.iter() {
        let (missing, unseen, rare) = (met.missing, met.unseen, met.rare);
        println!("{name:9} {} values: {missing} missing, {unseen} unseen, {rare} rare", met.values);
    }
    Ok(())
}
