//! Rows for the tests, whose label is in no order, and the fields inferred for a column of them.

use std::fmt::Write;

use deepcross_data::{DataConfig, LabelConfig, Source};
use deepcross_profile::{
    Examples, InferredFields, LabelRule, Profile, ProfileOptions, infer_fields, profile_source,
};

pub(crate) const ROWS: usize = 2000;

/// Whether a row of the tables is positive: one of five, in no order.
pub(crate) fn is_positive(i: usize) -> bool {
    hash(i, 7).is_multiple_of(5)
}

/// A number of a row, in no order: the mixing steps of SplitMix64.
pub(crate) fn hash(i: usize, salt: usize) -> usize {
    let mut x = (i as u64 + 1_000_003 * salt as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (x >> 20) as usize
}

pub(crate) fn profile_of(csv: &str, label: Option<LabelRule>) -> Profile {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("x.csv");
    std::fs::write(&file, csv).unwrap();
    let source = Source::open(&[file], &DataConfig::default()).unwrap();
    profile_source(&source, &ProfileOptions { label, guess_missing: true }).unwrap()
}

pub(crate) fn click() -> Option<LabelRule> {
    Some(LabelConfig::binary("click").into())
}

/// The profile of a column called `name` beside a label; its value in row `i` is `value(i)`.
pub(crate) fn profiled(name: &str, value: &dyn Fn(usize) -> String) -> Profile {
    let mut csv = format!("click,{name}\n");
    for i in 0..ROWS {
        let value = value(i).replace('"', "\"\"");
        writeln!(csv, "{},\"{value}\"", usize::from(is_positive(i))).unwrap();
    }
    profile_of(&csv, click())
}

/// The fields of the column as TOML, each in one line, or the reason why it is left out.
pub(crate) fn as_text(inferred: &InferredFields) -> String {
    let column = &inferred.columns[1];
    if let Some(reason) = &column.left_out {
        let reason = format!("{reason:?}");
        return reason.split(['(', '.']).next().unwrap_or_default().to_owned();
    }
    let field = |field| toml::to_string(field).unwrap().trim_end().replace('\n', ", ");
    column.fields.iter().map(field).collect::<Vec<_>>().join(" + ")
}

/// The fields of the column, and why they are these.
pub(crate) fn explained(name: &str, value: &dyn Fn(usize) -> String) -> (String, String) {
    let profile = profiled(name, value);
    let inferred = infer_fields(&profile);
    let reason = inferred.columns[1].explain(&profile.columns[1], Examples::Shown);
    (as_text(&inferred), reason)
}

#[track_caller]
pub(crate) fn check(name: &str, value: &dyn Fn(usize) -> String, expected: &str) {
    let (fields, _) = explained(name, value);
    assert_eq!(fields, expected, "{name}, such as {}", value(0));
}
