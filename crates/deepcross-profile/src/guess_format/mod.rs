//! Guesses the format of a file, and the characters between and around its fields, from its first lines.
//!
//! Training and predicting never guess, so that a file that is read in one way today is not read in another tomorrow.
//! The guess is written into a configuration, where a user sees it.
//!
//! `candidate` splits the lines by one choice of characters and measures how well it fits; `search` compares the
//! choices; `comments` finds lines that are not rows.

mod candidate;
mod comments;
mod search;

use std::collections::BTreeSet;

use deepcross_data::input::{InputFile, first_text};
use deepcross_data::{DataConfig, DataError, Format, Input, Quote, header_looks_like_values};

use candidate::{Candidate, Sample, trimmed};
use search::best;

/// The number of bytes that are looked at.
const BYTES: usize = 1 << 20;

/// `config` with the keys that say how fields are split, guessed from the first file if they are not set: `format`,
/// `delimiter`, `quote`, `escape`, `comment`, and the names of the columns if the header lacks one.
///
/// The search respects quotes, and prefers characters with which the header has as many fields as the rows, and one of
/// them is the label's column.
/// The format `criteo` is recognised by its 40 columns between tabs without a header.
/// A comment marker is recognised by lines that begin with it and have another number of fields than all other lines.
///
/// # Errors
/// If no file is given, or if the first file cannot be read.
pub fn guess_format(files: &Input, config: &DataConfig) -> Result<DataConfig, DataError> {
    let file = files.files().first().ok_or(DataError::NoFiles)?;
    if file.is_in_memory() {
        return Ok(config.clone());
    }
    let named = config.format_of(file).ok();
    if named.is_some_and(|format| !format.has_text_rows()) {
        return Ok(config.clone());
    }
    let text = first_text(file, BYTES)?;
    let format = config.format.or_else(|| format_of_lines(&text, named));
    let is_other = |format: &Format| format.usual_form().is_none();
    if let Some(format) = format.filter(is_other) {
        return Ok(of_other(format, named, config));
    }
    Ok(delimited(&text, format, file, config))
}

/// The settings of a format that is not delimited text, which stands in them only if the file is not `named` after it, so
/// that a model reads files of other formats by their names.
fn of_other(format: Format, named: Option<Format>, config: &DataConfig) -> DataConfig {
    let with_format = DataConfig { format: Some(format), ..config.clone() };
    let label = with_format.label();
    let format = config.format.or_else(|| (named != Some(format)).then_some(format));
    DataConfig { format, label, ..config.clone() }
}

/// The format whose rows the lines are, or else the one that the name shows; `None` if neither shows one.
///
/// Rows of JSON are such in a file of any name, and text that is not JSON may be delimited in a file of any name.
fn format_of_lines(text: &[u8], named: Option<Format>) -> Option<Format> {
    let lines = text.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty());
    let lines: Vec<&[u8]> = lines.take(candidate::ROWS).collect();
    let shown = Format::of_lines(&lines);
    match named {
        Some(named) if named == Format::JSONL && shown.is_none() => {
            lines.is_empty().then_some(named)
        }
        Some(named) if named.is_delimited() => {
            Some(shown.filter(|format| *format == Format::JSONL).unwrap_or(named))
        }
        _ => named.or(shown),
    }
}

/// The settings of delimited text; `format` is known if the name shows it.
fn delimited(
    text: &[u8],
    format: Option<Format>,
    file: &InputFile,
    config: &DataConfig,
) -> DataConfig {
    let usual = format.and_then(Format::usual_form);
    let label = config.label().map(|label| label.column);
    let sample = Sample { text, config, usual, label };
    let is_shown = config.format_of(file).is_ok_and(|named| Some(named) == format);
    let Some(best) = best(&sample) else {
        let format = config.format.or_else(|| (!is_shown).then(|| format.unwrap_or(Format::CSV)));
        return DataConfig { format, ..config.clone() };
    };
    let mut config = config.clone();
    config.comment = best.form.comment;
    if config.format.is_none() && is_criteo(&best, &config) {
        return DataConfig { format: Some(Format::CRITEO), ..config };
    }
    let of_delimiter = if best.form.delimiter == "\t" { Format::TSV } else { Format::CSV };
    let format = format.unwrap_or(of_delimiter);
    config.format = config.format.or_else(|| (!is_shown).then_some(format));
    let (delimiter, quote) = format.usual_form().unwrap_or((",", Quote::Off));
    let found = best.form.quote.map_or(Quote::Off, Quote::Char);
    if config.delimiter.is_none() && best.form.delimiter != delimiter {
        config.delimiter = Some(best.form.delimiter.clone());
    }
    if config.quote.is_none() && found != quote && sample.has_quotes() {
        config.quote = Some(found);
    }
    config.escape = best.form.escape;
    if config.columns.is_none() && config.header.is_none() {
        config.columns = columns(&best);
        config.header = config.columns.as_ref().map(|_| true);
    }
    config
}

/// The names of all columns, if the header lacks one name: rows begin with names of their own, as R writes them, or each
/// row ends with a delimiter.
///
/// Row names are recognised by being all different.
fn columns(best: &Candidate) -> Option<Vec<String>> {
    let header = best.header.as_ref().filter(|header| header.len() + 1 == best.n_fields)?;
    let names = header.iter().map(|name| String::from_utf8(trimmed(name).to_vec()));
    let mut names: Vec<String> = names.collect::<Result<_, _>>().ok()?;
    let rows = || best.rows.iter().flatten().filter(|row| row.len() == best.n_fields);
    let last = || rows().filter_map(|row| row.last());
    let first: BTreeSet<_> = rows().filter_map(|row| row.first()).collect();
    if last().all(|field| trimmed(field).is_empty()) {
        names.push(String::new());
    } else if first.len() > 1 && first.len() == rows().count() {
        names.insert(0, String::new());
    } else {
        return None;
    }
    let is_unique = names.iter().collect::<BTreeSet<_>>().len() == names.len();
    (is_unique && (best.has_label || !header_looks_like_values(&names))).then_some(names)
}

/// Whether the rows are those of Criteo's logs: a label and 39 other fields between tabs, without a header.
fn is_criteo(best: &Candidate, config: &DataConfig) -> bool {
    let has_label =
        |row: &&Vec<Vec<u8>>| row.first().is_some_and(|label| label == b"0" || label == b"1");
    let criteo = DataConfig { format: Some(Format::CRITEO), ..DataConfig::default() };
    let n_columns = criteo.columns().unwrap_or_default().len();
    config.columns.is_none()
        && best.form.delimiter == "\t"
        && best.n_fields == n_columns
        && best.header.iter().chain(best.rows.iter().flatten()).all(|row| has_label(&row))
}
