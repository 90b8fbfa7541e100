//! Files that nobody has described: what is found out about them must fit them.

use deepcross_data::{
    BadRows, DataConfig, Inferred, LabelConfig, Part, ProfilePlan, Source, fit, guess_form, profile,
};
use deepcross_features::Schema;

use crate::file::{Written, judge};
use crate::rows::raw;

/// Guesses form and fields; the fields are valid, and each good row can be encoded as they say.
pub fn infer(bytes: &[u8]) {
    let file = Written::new(bytes);
    let start = DataConfig { bad_rows: BadRows::Skip, ..DataConfig::default() };
    let config = match guess_form(&[file.path()], &start) {
        Ok(config) => config,
        Err(error) => return judge(&error, &file),
    };
    let source = match Source::open(&[file.path()], &config) {
        Ok(source) => source,
        Err(error) => return judge(&error, &file),
    };
    let label = source.header().iter().any(|name| name == "click");
    let label = label.then(|| LabelConfig::binary("click").into());
    let plan = ProfilePlan { label, guess_missing: true };
    let profile = match profile(&source, &plan) {
        Ok(profile) => profile,
        Err(error) => return judge(&error, &file),
    };
    assert!(profile.columns.len() == source.header().len());
    check_fields(&config, &file, &deepcross_data::infer(&profile), profile.missing.clone());
}

fn check_fields(config: &DataConfig, file: &Written, inferred: &Inferred, missing: Vec<String>) {
    let fields: Vec<_> = inferred.fields().cloned().collect();
    if fields.is_empty() {
        return;
    }
    let config = DataConfig { missing: missing.clone(), label: None, ..config.clone() };
    let schema = Schema::new(fields, missing).expect("fields that can be trained with");
    let source = Source::open(&[file.path()], &config).expect("as it was opened before");
    let has_own_label = config.label().is_some();
    let (rows, ended) = raw(&source);
    let fitted = match fit(&source, &schema, Part::All, BadRows::Skip) {
        Ok(fitted) => fitted,
        Err(error) => return judge(&error, file),
    };
    if ended.is_none() && !has_own_label {
        assert_eq!(fitted.rows, rows.iter().flatten().count() as u64, "{:?}", fitted.skipped);
    }
}
