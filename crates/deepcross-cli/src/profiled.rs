//! Files as `describe` and `infer-config` see them: how they are read, and what their columns hold.

use crate::arguments::{LabelColumn, Layout};
use crate::call_error::CallError;
use crate::inputs::{self, check_standard_input};
use crate::text::tables::grouped;
use anyhow::{Context, Result};
use deepcross_data::{
    ColumnProfile, DataConfig, DataError, Format, Inferred, LabelConfig, LabelRule, Profile,
    ProfilePlan, Source, guess_form, infer, looks_like_values, profile,
};
use std::path::{Path, PathBuf};

/// So many values of a label are named in an error, and may be negative without being named.
const CLASSES: usize = 20;

/// What is known of files after one pass.
pub(crate) struct Profiled {
    /// How they are read, their label and their missing values included.
    pub(crate) config: DataConfig,
    pub(crate) profile: Profile,
    pub(crate) inferred: Inferred,
}

/// The settings that the flags ask for, on top of those of a configuration.
pub(crate) fn with_layout(config: DataConfig, layout: &Layout) -> DataConfig {
    let Layout { columns, format, missing } = layout.clone();
    let with_empty = || [String::new()].into_iter().chain(missing.clone()).collect();
    DataConfig {
        columns: Some(columns).filter(|columns| !columns.is_empty()).or(config.columns),
        format: format.map(Into::into).or(config.format),
        missing: if missing.is_empty() { config.missing } else { with_empty() },
        ..config
    }
}

/// Reads the files once; with `guess_missing`, values that usually mean "missing" do.
pub(crate) fn profiled(
    data: &[PathBuf],
    mut config: DataConfig,
    label: &LabelColumn,
    guess_missing: bool,
) -> Result<Profiled> {
    let files = inputs::files(data)?;
    check_standard_input(&files)?;
    let rule = label_rule(label, &config)?;
    if let Some(rule) = &rule {
        config.label = Some(named(rule));
    }
    let source = open(&files, &config)?;
    let plan = ProfilePlan { label: rule, guess_missing };
    let profile = profile(&source, &plan)?;
    config.missing.clone_from(&profile.missing);
    if let (Some(rule), Some(column)) = (&plan.label, profile.label) {
        config.label = Some(classes(rule, &profile.columns[column], &profile)?);
    }
    let inferred = infer(&profile);
    Ok(Profiled { config, profile, inferred })
}

/// The form of the files, guessed where it is not set.
pub(crate) fn formed(data: &[PathBuf], config: &DataConfig) -> Result<DataConfig> {
    Ok(guess_form(&inputs::files(data)?, config)?)
}

fn open(files: &[PathBuf], config: &DataConfig) -> Result<Source> {
    let has_pairs = matches!(config.format, Some(Format::Libsvm | Format::Libffm));
    let headed = config.columns().is_none() && !has_pairs;
    let source = match Source::open(files, config) {
        Err(error @ DataError::RepeatedColumn { .. }) if headed => {
            return Err(error).context("without a header, name the columns with --columns");
        }
        source => source?,
    };
    let has = |label: &LabelConfig| source.header().contains(&label.column);
    let is_named = config.label.as_ref().is_some_and(has);
    if headed && !is_named && looks_like_values(source.header()) {
        return Err(no_header(&source));
    }
    Ok(source)
}

fn no_header(source: &Source) -> anyhow::Error {
    let file = source.files().next().unwrap_or(Path::new("")).display().to_string();
    let first: Vec<_> = source.header().iter().take(4).map(|name| format!("`{name}`")).collect();
    CallError::with_message(format!(
        "`{file}`: the first row looks like values and not like the names of columns: {}, …; name \
         the {} columns with --columns",
        first.join(", "),
        source.header().len()
    ))
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

/// The label as far as it is known before the files are read.
fn named(rule: &LabelRule) -> LabelConfig {
    let LabelRule { column, positive, negative } = rule.clone();
    let negative = negative.unwrap_or_default();
    // No class may be empty; what is negative is told by the values.
    let negative = if negative.is_empty() { vec![String::new()] } else { negative };
    LabelConfig { column, positive, negative }
}

/// The label's two classes with all their values.
fn classes(rule: &LabelRule, column: &ColumnProfile, profile: &Profile) -> Result<LabelConfig> {
    let LabelRule { column: name, positive, negative } = rule.clone();
    let values: Vec<_> = column.top(CLASSES + positive.len() + 1);
    let others = || values.iter().map(|value| &value.text).filter(|text| !positive.contains(text));
    let found: Vec<String> = others().cloned().collect();
    let (labelled, positives) = (profile.rows.labelled(), profile.rows.positives());
    if labelled < column.present().rows {
        return Err(call_error(&format!(
            "the label {}",
            held(column, &positive, negative.as_deref())
        )));
    }
    if negative.is_none() && found.len() > CLASSES {
        let message = "holds too many values to take all but the positive ones for negative";
        return Err(call_error(&format!(
            "the label `{name}` {message}: name those with --negative"
        )));
    }
    if positives == 0 || positives == labelled {
        let class = if positives == 0 { "positive" } else { "negative" };
        return Err(call_error(&format!(
            "the label `{name}` is {class} in no row: {}",
            values_of(column)
        )));
    }
    Ok(LabelConfig { column: name, positive, negative: negative.unwrap_or(found) })
}

/// What a label holds that is of no class.
fn held(column: &ColumnProfile, positive: &[String], negative: Option<&[String]>) -> String {
    let listed = |values: &[String]| {
        values.iter().map(|value| format!("`{value}`")).collect::<Vec<_>>().join(", ")
    };
    let (positive, negative) = (listed(positive), listed(negative.unwrap_or_default()));
    format!(
        "`{}` is {}, expected {positive} (positive) or {negative} (negative); name the positive \
         values with --positive",
        column.name(),
        values_of(column)
    )
}

/// The most frequent values with their rows.
fn values_of(column: &ColumnProfile) -> String {
    const SHOWN: usize = 6;
    let top = column.top(SHOWN).into_iter();
    let mut shown: Vec<_> = top
        .map(|value| format!("`{}` in {} rows", value.text, grouped(value.tally.rows)))
        .collect();
    let n = column.distinct().n;
    if n > SHOWN as u64 {
        shown.push(format!("and {} other values", grouped(n - SHOWN as u64)));
    }
    shown.join(", ")
}

fn call_error(message: &str) -> anyhow::Error {
    CallError::with_message(message.to_owned())
}
