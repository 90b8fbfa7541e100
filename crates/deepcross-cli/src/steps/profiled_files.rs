//! Profiles the files of `describe` and `infer-config` as their flags say.

use crate::arguments::{Characters, ConfigFile, LabelColumn, Layout};
use crate::call_error::CallError;
use crate::output::say;
use crate::text::tables::shown;
use anyhow::{Error, Result};
use deepcross_data::input::UnreadColumn;
use deepcross_data::{DataConfig, Input, LabelConfig};
use deepcross_profile::{
    FileProfile, LabelRule, ProfileError, ProfileOptions, guess_format, profile_files,
};
use deepcross_train::Warning;

/// The settings that the flags ask for, in addition to those of a configuration.
fn with_layout(config: DataConfig, layout: &Layout) -> DataConfig {
    let Layout { columns, header, format, characters, missing } = layout.clone();
    let Characters { delimiter, quote, escape, comment } = characters;
    let with_empty = || [String::new()].into_iter().chain(missing.clone()).collect();
    DataConfig {
        columns: Some(columns).filter(|columns| !columns.is_empty()).or(config.columns),
        header: header.then_some(true).or(config.header),
        format: format.or(config.format),
        delimiter: delimiter.or(config.delimiter),
        quote: quote.or(config.quote),
        escape: escape.or(config.escape),
        comment: comment.or(config.comment),
        missing: if missing.is_empty() { config.missing } else { with_empty() },
        ..config
    }
}

/// The settings of a call: those of the configuration that it names, or else those that are guessed from the files,
/// in both cases with what the flags say.
pub(crate) fn settings(
    files: &Input,
    config: &ConfigFile,
    layout: &Layout,
    label: &LabelColumn,
) -> Result<DataConfig> {
    match config.read_data()? {
        Some(data) => Ok(with_layout(data, layout)),
        None => with_format(files, &with_layout(DataConfig::default(), layout), label),
    }
}

/// The settings, with the format and the characters guessed if they are not set; the label's column helps to guess.
fn with_format(files: &Input, config: &DataConfig, label: &LabelColumn) -> Result<DataConfig> {
    let named = label.label.as_ref().map(LabelConfig::binary);
    let labelled = DataConfig { label: named.or(config.label.clone()), ..config.clone() };
    let guessed = guess_format(files, &labelled)?;
    let label = if label.label.is_some() { config.label.clone() } else { guessed.label.clone() };
    Ok(DataConfig { label, ..guessed })
}

/// Reads the files once; with `guess_missing`, texts that usually mean a missing value count as missing values.
///
/// Says which columns are left out because their types are not read, or because some files lack them.
pub(crate) fn profiled(
    files: &Input,
    config: &DataConfig,
    (label, layout): (&LabelColumn, &Layout),
    guess_missing: bool,
) -> Result<FileProfile> {
    let options = ProfileOptions { label: label_rule(label, config)?, guess_missing };
    let profiled = profile_files(files, config, &options).map_err(with_flag)?;
    left_out_lines(&profiled).iter().for_each(say);
    let mut absent = profiled.profile.absent_missing.iter();
    match absent.find(|text| layout.missing.contains(text)) {
        None => Ok(profiled),
        Some(text) => Err(call_error(&format!(
            "--missing: no column has `{text}`; name what the columns have"
        ))),
    }
}

/// The warning about values of the label that are named, but that no row has.
pub(crate) fn absent_labels(profiled: &FileProfile) -> Option<Warning> {
    profiled.profile.absent_labels.clone().map(Warning::AbsentLabels)
}

/// A line for each column that is left out before its values are read.
fn left_out_lines(profiled: &FileProfile) -> Vec<String> {
    let unread = profiled.unread.iter().map(|UnreadColumn { name, kind }| {
        format!("`{}` is left out: values of type {kind} are not read", shown(name))
    });
    let unshared = profiled.unshared.iter().map(|(name, file)| {
        format!("`{}` is left out: {} has no such column", shown(name), file.display())
    });
    unread.chain(unshared).collect()
}

/// The label that the flags name, else the one of the settings.
fn label_rule(label: &LabelColumn, config: &DataConfig) -> Result<Option<LabelRule>> {
    let LabelColumn { label, positive, negative } = label.clone();
    let of_config = config.label();
    let Some(column) = label.or_else(|| of_config.as_ref().map(|label| label.column.clone()))
    else {
        return match positive.is_empty() {
            true => Ok(None),
            false => Err(call_error("--positive: name the column of the label with --label")),
        };
    };
    if !positive.is_empty() {
        let negative = Some(negative).filter(|negative| !negative.is_empty());
        return Ok(Some(LabelRule { column, positive, negative }));
    }
    let of_config = of_config.filter(|label| label.column == column);
    Ok(Some(of_config.unwrap_or_else(|| LabelConfig::binary(column)).into()))
}

/// The error with the flag that sets what it asks for.
fn with_flag(error: ProfileError) -> Error {
    let flag = match error {
        ProfileError::Data(error) => return error.into(),
        ProfileError::RepeatedName(source) => {
            let flags =
                "name the columns with --columns, and add --header if the first row is a header";
            return Error::new(source).context(flags);
        }
        ProfileError::NoHeader { .. } => " with --columns",
        ProfileError::HeaderAmongRows { has_set_names: true, .. } => " with --header",
        ProfileError::HeaderAmongRows { .. } => "",
        ProfileError::LabelValue { .. }
        | ProfileError::AbsentLabel { .. }
        | ProfileError::ContraryLabels { .. } => " with --positive",
        ProfileError::ManyLabelValues { .. } => " with --negative",
        ProfileError::OneClass { .. } => "",
        error => return error.into(),
    };
    call_error(&format!("{error}{flag}"))
}

fn call_error(message: &str) -> Error {
    CallError::with_message(message.to_owned())
}
