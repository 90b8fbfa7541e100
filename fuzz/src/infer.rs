//! Checks of files without a configuration: the inferred configuration must fit the file.

use deepcross_data::{BadRows, DataConfig, LabelConfig, Partition, Source, fit};
use deepcross_features::Schema;
use deepcross_profile::{
    InferredFields, ProfileOptions, guess_format, infer_fields, profile_source,
};

use crate::file::{Written, judge};
use crate::rows::raw;

/// Guesses the format and the fields; the fields must be valid, and must encode each good row.
pub fn infer(bytes: &[u8]) {
    let file = Written::new(bytes);
    let start = DataConfig { bad_rows: BadRows::Skip, ..DataConfig::default() };
    let config = match guess_format(&vec![file.path()].into(), &start) {
        Ok(config) => config,
        Err(error) => return judge(&error, &file),
    };
    let source = match Source::open(&[file.path()], &config) {
        Ok(source) => source,
        Err(error) => return judge(&error, &file),
    };
    let label = source.header().iter().any(|name| name == "click");
    let label = label.then(|| LabelConfig::binary("click").into());
    let options = ProfileOptions { label, guess_missing: true };
    let profile = match profile_source(&source, &options) {
        Ok(profile) => profile,
        Err(error) => return judge(&error, &file),
    };
    assert!(profile.columns.len() == source.header().len());
    check_fields(&config, &file, &infer_fields(&profile), profile.missing.clone());
}

fn check_fields(
    config: &DataConfig,
    file: &Written,
    inferred: &InferredFields,
    missing: Vec<String>,
) {
    let fields: Vec<_> = inferred.fields().cloned().collect();
    if fields.is_empty() {
        return;
    }
    let config = DataConfig { missing: missing.clone(), label: None, ..config.clone() };
    let schema = Schema::new(fields, missing).expect("fields that can be trained with");
    let source = Source::open(&[file.path()], &config).expect("as it was opened before");
    let has_own_label = config.label().is_some();
    let (rows, ended) = raw(&source);
    let fitted = match fit(&source, &schema, Partition::All, BadRows::Skip) {
        Ok(fitted) => fitted,
        Err(error) => return judge(&error, file),
    };
    if ended.is_none() && !has_own_label {
        assert_eq!(fitted.rows, rows.iter().flatten().count() as u64, "{:?}", fitted.skipped);
    }
}
