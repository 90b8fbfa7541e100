//! Profiles of files: their settings with the label's classes, their columns, and the fields inferred from them.

use std::path::{Path, PathBuf};

use deepcross_data::input::UnreadColumn;
use deepcross_data::{
    DataConfig, DataError, Format, Input, LabelConfig, Source, header_looks_like_values,
};
use deepcross_features::FieldConfig;

use crate::crosses::{ColumnPairs, column_pairs};
use crate::error::ProfileError;
use crate::examples::Examples;
use crate::first_config;
use crate::first_sizes::FirstSizes;
use crate::infer::{InferredFields, infer_fields};
use crate::number_text::grouped;
use crate::profile::{ColumnProfile, LabelRule, Profile, ProfileOptions, profile_source};
use crate::unseen::{self, OtherFiles, OtherRows, Probe};

/// The most values of a label that are taken for negative without being named.
const MOST_NEGATIVE: usize = 20;

/// The most values of a label that an error lists.
const LISTED: usize = 6;

/// The result of one pass over files: how to read them, what their columns hold, and fields to begin with.
#[derive(Clone, Debug)]
pub struct FileProfile {
    /// The settings of the files, with the classes of the label and the values that mean a missing value.
    pub config: DataConfig,
    /// The columns.
    pub profile: Profile,
    /// The fields inferred from the columns.
    pub fields: InferredFields,
    /// What the rows say about columns together; nothing before [`find_pairs`](Self::find_pairs).
    pub pairs: ColumnPairs,
    /// What other files have that these do not have; nothing before [`compare_with`](Self::compare_with).
    pub others: Vec<OtherRows>,
    /// The columns that are not profiled, because their types are not read.
    pub unread: Vec<UnreadColumn>,
    /// The columns that are not profiled, because not all files have them, each with the first file that lacks it.
    pub unshared: Vec<(String, PathBuf)>,
}

impl FileProfile {
    /// The sizes of a first model of these rows, and of its training.
    pub fn sizes(&self) -> FirstSizes {
        FirstSizes::new(&self.profile, &self.fields, &self.pairs)
    }

    /// Finds the pairs of columns that are worth a field, and columns that are one another renamed: see [`ColumnPairs`].
    ///
    /// Reads the files once more; `files` must be those of the profile.
    /// A thread pool of rayon in which this is called shares the work.
    ///
    /// # Errors
    /// As [`profile_files`], for rows that cannot be read.
    pub fn find_pairs(&mut self, files: &Input) -> Result<(), ProfileError> {
        let source = open(files, &self.config)?.with_shared_columns();
        self.pairs = column_pairs(&source, &self.profile, &self.fields)?;
        Ok(())
    }

    /// Opens other files and reads the labels of their first rows.
    ///
    /// `files` must be those of the profile.
    ///
    /// # Errors
    /// As [`compare_with`](Self::compare_with), for what the first rows show.
    pub fn check_others(&self, files: &Input, others: &[OtherFiles]) -> Result<(), ProfileError> {
        unseen::check(&open(files, &self.config)?.with_shared_columns(), others)
    }

    /// Finds the shares of values in other files that no row of the profiled files has, for the fields of the configuration.
    ///
    /// Nothing else depends on the other files.
    /// Reads all files once more; `files` must be those of the profile.
    ///
    /// # Errors
    /// As [`profile_files`], for rows that cannot be read.
    /// [`ProfileError::Data`] if validation files lack the label, if other files have no rows, or if a label there is of neither class.
    pub fn compare_with(
        &mut self,
        files: &Input,
        others: &[OtherFiles],
    ) -> Result<(), ProfileError> {
        if others.is_empty() {
            return Ok(());
        }
        let source = open(files, &self.config)?.with_shared_columns();
        let probes = Probe::all(&self.profile.columns, &self.fields, &self.pairs);
        self.others = unseen::other_rows(&source, &probes, others)?;
        Ok(())
    }

    /// The shares of a field's values in other files that no row of the profiled files has, as a sentence that follows
    /// the field's name.
    ///
    /// `None` if no share is [large](crate::UnseenShare::is_large), or if the field is a pair and one of its columns
    /// explains that.
    pub fn explain_unseen(&self, field: &FieldConfig) -> Option<String> {
        let sentence = |name: &str| unseen::sentence(&self.others, name, |share| share.is_large());
        let columns = field.columns();
        let is_part =
            |part: &&FieldConfig| columns.len() > 1 && columns.contains(&part.columns()[0]);
        let mut parts = self.fields.fields().filter(is_part);
        match parts.any(|part| sentence(&part.name).is_some()) {
            true => None,
            false => sentence(&field.name),
        }
    }

    /// All fields of the configuration: those of single columns, then the crosses.
    pub fn all_fields(&self) -> impl Iterator<Item = &FieldConfig> {
        self.fields.fields().chain(self.pairs.crosses.iter().map(|cross| &cross.field))
    }

    /// The text of a first configuration in TOML: `[data]`, the fields, `[model]` and `[train]`, with comments that say
    /// what each column holds.
    ///
    /// `name` is what a comment calls the files; the examples are those of the comments.
    ///
    /// # Errors
    /// [`ProfileError::Toml`] if a value cannot be written.
    pub fn to_toml(&self, name: &str, examples: Examples) -> Result<String, ProfileError> {
        first_config::configuration(self, name, examples)
    }
}

/// Reads files once and infers how to read and encode them.
///
/// Without [`ProfileOptions::label`], the label is that of `config`.
///
/// # Errors
/// [`ProfileError::Data`] with the errors of [`Source::open`] and [`profile_source`].
/// [`ProfileError::RepeatedName`] or [`ProfileError::NoHeader`] if the first row does not name the columns.
/// [`ProfileError::HeaderAmongRows`] if a label is the name of its column.
/// [`ProfileError::AbsentLabel`] if a positive value is named and occurs nowhere, while all other values are negative.
/// [`ProfileError::ContraryLabels`] if the label has values that do not go together, as 0 and −1.
/// [`ProfileError::LabelValue`] if a label is of neither class, [`ProfileError::ManyLabelValues`] if it has too many
/// values to take the others for negative, and [`ProfileError::OneClass`] if no row is positive or no row is negative.
pub fn profile_files(
    files: &Input,
    config: &DataConfig,
    options: &ProfileOptions,
) -> Result<FileProfile, ProfileError> {
    let of_config = || config.label().map(LabelRule::from);
    let label = options.label.clone().or_else(of_config);
    let mut config = DataConfig { label: label.as_ref().map(provisional_label), ..config.clone() };
    let source = open(files, &config)?;
    let unread = source.unread_columns().into_iter().cloned().collect();
    let unshared = source.unshared_columns().into_iter();
    let unshared = unshared.map(|(column, file)| (column, file.to_path_buf())).collect();
    let source = source.with_shared_columns();
    let options = ProfileOptions { label, ..options.clone() };
    let profile = profile_source(&source, &options)?;
    config.missing.clone_from(&profile.missing);
    if let (Some(rule), Some(column)) = (&options.label, profile.label) {
        let column = &profile.columns[column];
        check_no_header(rule, column, config.columns.is_some())?;
        config.label = Some(label_classes(rule, column, &profile)?);
    }
    let fields = infer_fields(&profile);
    let pairs = ColumnPairs::default();
    let others = Vec::new();
    Ok(FileProfile { config, profile, fields, pairs, others, unread, unshared })
}

/// Opens the files, whose first row must name the columns if nothing else does.
fn open(files: &Input, config: &DataConfig) -> Result<Source, ProfileError> {
    let format = files.files().first().and_then(|file| config.format_of(file).ok());
    let has_header = config.columns().is_none() && format.is_none_or(Format::has_header_row);
    let source = match Source::open(files, config) {
        Err(error @ DataError::RepeatedColumn { .. }) if has_header => {
            return Err(ProfileError::RepeatedName(error));
        }
        source => source?,
    };
    let has = |label: &LabelConfig| source.header().contains(&label.column);
    let is_named = config.label.as_ref().is_some_and(has);
    if has_header && !is_named && header_looks_like_values(source.header()) {
        let file = source.files().next().unwrap_or(Path::new("")).to_path_buf();
        return Err(ProfileError::NoHeader { file, header: source.header().to_vec() });
    }
    Ok(source)
}

/// The label with the classes that are known before the files are read.
fn provisional_label(rule: &LabelRule) -> LabelConfig {
    let LabelRule { column, positive, negative } = rule.clone();
    if !rule.is_named() {
        return LabelConfig::binary(column);
    }
    let negative = negative.unwrap_or_default();
    // A class must not be empty; the rows show which values are negative.
    let negative = if negative.is_empty() { vec![String::new()] } else { negative };
    LabelConfig::named(column, positive, negative)
}

/// Refuses a label that has the name of its column as a value.
fn check_no_header(
    rule: &LabelRule,
    column: &ColumnProfile,
    has_set_names: bool,
) -> Result<(), ProfileError> {
    let LabelRule { column: label, positive, .. } = rule;
    let top = column.top(MOST_NEGATIVE).into_iter();
    let mut named = top.filter(|value| !positive.contains(&value.text));
    match named.find(|value| value.text == *label) {
        None => Ok(()),
        Some(value) => {
            let (label, rows) = (label.clone(), value.counts.rows);
            Err(ProfileError::HeaderAmongRows { label, rows, has_set_names })
        }
    }
}

/// The label with all values of its two classes.
fn label_classes(
    rule: &LabelRule,
    column: &ColumnProfile,
    profile: &Profile,
) -> Result<LabelConfig, ProfileError> {
    let LabelRule { column: label, positive, negative } = rule.clone();
    let top = column.top(MOST_NEGATIVE + positive.len() + 1).into_iter().map(|value| value.text);
    let values = rule.values();
    let others: Vec<_> = top.filter(|text| values.index(text.as_bytes()).is_none()).collect();
    let takes_rest = rule.is_named() && negative.is_none();
    if let Some(absent) = profile.absent_labels.as_ref().filter(|_| takes_rest) {
        let (absent, found) = (absent.absent.clone(), frequent_values(column));
        return Err(ProfileError::AbsentLabel { label, absent, found });
    }
    if profile.has_contrary_labels {
        return Err(ProfileError::ContraryLabels { label, found: frequent_values(column) });
    }
    let (labelled, positives) = (profile.rows.labelled(), profile.rows.positives());
    if labelled < column.present().rows {
        let found = frequent_values(column);
        let (positive, negative) = match rule.is_named() {
            true => (positive, negative.unwrap_or_default()),
            false => (vec!["1".to_owned()], vec!["0".to_owned()]),
        };
        return Err(ProfileError::LabelValue { label, found, positive, negative });
    }
    if takes_rest && others.len() > MOST_NEGATIVE {
        return Err(ProfileError::ManyLabelValues { label, limit: MOST_NEGATIVE });
    }
    if positives == 0 || positives == labelled {
        let class = if positives == 0 { "positive" } else { "negative" };
        return Err(ProfileError::OneClass { label, class, found: frequent_values(column) });
    }
    Ok(match rule.is_named() {
        true => LabelConfig::named(label, positive, negative.unwrap_or(others)),
        false => LabelConfig::binary(label),
    })
}

/// The most frequent values with the numbers of their rows.
fn frequent_values(column: &ColumnProfile) -> String {
    let top = column.top(LISTED).into_iter();
    let mut listed: Vec<_> = top
        .map(|value| format!("`{}` in {} rows", value.text, grouped(value.counts.rows)))
        .collect();
    let n = column.distinct().n;
    if n > LISTED as u64 {
        listed.push(format!("and {} other values", grouped(n - LISTED as u64)));
    }
    listed.join(", ")
}
