//! Fields for whatever columns a file has.

use std::collections::BTreeSet;

use deepcross_data::Source;
use deepcross_features::{FieldConfig, MissingNumber, Schema, TimePart};

/// The number of columns that are read.
const MOST: usize = 12;

/// A field for each of the first columns except label and weight; the first letter of its name chooses the kind.
///
/// So the bytes of the input choose the kinds, too.
pub(crate) fn schema(source: &Source) -> Option<Schema> {
    let config = source.config();
    let label = config.label().map(|label| label.column);
    let targets = [label.as_ref(), config.weight.as_ref()];
    let mut seen = BTreeSet::new();
    let columns = source.header().iter().filter(|name| {
        !name.is_empty() && !targets.contains(&Some(*name)) && seen.insert(name.as_str())
    });
    let has_pairs = matches!(source.extension(), "svm" | "ffm");
    let fields = columns.take(MOST).map(|name| match has_pairs && name != "qid" {
        true => pairs(name),
        false => field(name),
    });
    Schema::new(fields.collect(), config.missing.clone()).ok()
}

fn pairs(name: &str) -> FieldConfig {
    let (separator, weights) = (Some(" ".to_owned()), Some(true));
    FieldConfig { separator, weights, buckets: Some(1000), ..FieldConfig::multi_hot(name) }
}

fn field(name: &str) -> FieldConfig {
    match name.as_bytes().first() {
        Some(b'n' | b'I') => {
            FieldConfig { missing: Some(MissingNumber::Indicator), ..FieldConfig::number(name) }
        }
        Some(b'q') => FieldConfig { quantiles: Some(3), ..FieldConfig::bucketized(name) },
        Some(b's') => FieldConfig { log_square: Some(true), ..FieldConfig::bucketized(name) },
        Some(b'h') => FieldConfig::time(name, TimePart::Hour),
        Some(b't') => FieldConfig { top: Some(20), ..FieldConfig::text(name) },
        Some(b'l') => {
            FieldConfig { weights: Some(true), max_length: Some(3), ..FieldConfig::multi_hot(name) }
        }
        Some(b'b' | b'C') => FieldConfig { buckets: Some(7), ..FieldConfig::categorical(name) },
        Some(b'c') => FieldConfig { counts: Some(true), ..FieldConfig::categorical(name) },
        _ => FieldConfig { min_count: Some(2), ..FieldConfig::categorical(name) },
    }
}
