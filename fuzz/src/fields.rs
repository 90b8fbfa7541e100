//! Fields for whatever columns a file has.

use std::collections::BTreeSet;

use deepcross_data::Source;
use deepcross_features::fields::{MissingNumber, TimePart};
use deepcross_features::{FieldConfig, Schema};

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
    FieldConfig::multi_hot(name).separator(' ').weights(true).buckets(1000)
}

fn field(name: &str) -> FieldConfig {
    match name.as_bytes().first() {
        Some(b'n' | b'I') => FieldConfig::number(name).missing(MissingNumber::Indicator),
        Some(b'q') => FieldConfig::bucketized(name).quantiles(3),
        Some(b's') => FieldConfig::bucketized(name).log_square(true),
        Some(b'h') => FieldConfig::time(name, TimePart::Hour),
        Some(b'v') => FieldConfig::vector(name).normalize(true),
        Some(b't') => FieldConfig::text(name).top(20),
        Some(b'l') => FieldConfig::multi_hot(name).weights(true).max_length(3),
        Some(b'b' | b'C') => FieldConfig::categorical(name).buckets(7),
        Some(b'c') => FieldConfig::categorical(name).counts(true),
        _ => FieldConfig::categorical(name).min_count(2),
    }
}
