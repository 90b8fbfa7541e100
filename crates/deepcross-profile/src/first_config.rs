//! The text of a first configuration: the settings that differ from the defaults, and a comment for each column that
//! says what the column holds.

use std::fmt::Write;

use deepcross_data::{DataConfig, LabelClasses, LabelConfig};
use serde::Serialize;

use crate::crosses::InferredCross;
use crate::error::ProfileError;
use crate::examples::Examples;
use crate::file_profile::FileProfile;
use crate::first_sizes::{FirstSizes, LEARNING_RATE};
use crate::infer::{ColumnKind, InferredColumn, LeftOutReason};
use crate::number_text::{grouped, percent};
use crate::profile::{ColumnProfile, DistinctCount};
use crate::unseen;

/// The length up to which names share a line.
const WIDTH: usize = 100;

/// The text of the configuration of a run; `name` is what the first comment calls the files.
pub(crate) fn configuration(
    files: &FileProfile,
    name: &str,
    examples: Examples,
) -> Result<String, ProfileError> {
    let columns = files.profile.columns.iter().zip(&files.fields.columns);
    let fields: Result<Vec<_>, _> =
        columns.map(|(column, inferred)| field(files, column, inferred, examples)).collect();
    let sizes = sizes(&files.sizes());
    let fields = fields?.concat();
    Ok([head(files, name), data(files)?, fields, crosses(files)?, sizes].concat())
}

fn head(files: &FileProfile, name: &str) -> String {
    let rows = files.profile.rows;
    let (n, positive) = (grouped(rows.rows), percent(rows.positives(), rows.labelled()));
    let name = name.escape_debug();
    format!(
        "# Inferred from {n} rows of {name}, {positive} positive: a first choice, to be read and changed.\n\n"
    )
}

fn data(files: &FileProfile) -> Result<String, ProfileError> {
    let DataConfig { format, label, missing, columns, header, .. } = &files.config;
    let DataConfig { delimiter, quote, escape, comment, .. } = &files.config;
    let mut text = String::from("[data]\n");
    let mut set = |key: &str, value: Option<String>| {
        // Writing to a string does not fail.
        value.iter().for_each(|value| writeln!(text, "{key} = {value}").unwrap_or_default());
    };
    set("format", format.map(|format| inline(&format)).transpose()?);
    set("delimiter", delimiter.as_ref().map(inline).transpose()?);
    set("quote", quote.map(|quote| inline(&quote)).transpose()?);
    set("escape", escape.map(|c| inline(&c)).transpose()?);
    set("comment", comment.map(|c| inline(&c)).transpose()?);
    set("columns", columns.as_ref().map(|columns| list(columns)).transpose()?);
    set("header", header.map(|header| inline(&header)).transpose()?);
    set("label", label.as_ref().map(label_value).transpose()?);
    set("missing", (missing[..] != [""]).then(|| inline(missing)).transpose()?);
    let unlabelled = files.profile.rows.rows - files.profile.rows.labelled();
    if unlabelled > 0 {
        let rows = grouped(unlabelled);
        set("bad_rows", Some(format!("\"skip\"  # {rows} rows have no label")));
    }
    Ok(format!("{text}\n"))
}

fn label_value(label: &LabelConfig) -> Result<String, ProfileError> {
    let Some(LabelClasses { positive, negative }) = &label.classes else {
        return inline(&label.column);
    };
    let column = &label.column;
    Ok(format!(
        "{{ column = {}, positive = {}, negative = {} }}",
        inline(column)?,
        inline(positive)?,
        inline(negative)?
    ))
}

/// A list of names, on as many lines as it needs.
fn list(names: &[String]) -> Result<String, ProfileError> {
    let mut lines = vec![String::new()];
    for name in names {
        let item = format!("{}, ", inline(name)?);
        match lines.last_mut().filter(|line| line.len() + item.len() <= WIDTH) {
            Some(line) => line.push_str(&item),
            None => lines.push(item),
        }
    }
    let lines: Vec<_> = lines.iter().map(|line| line.trim_end()).collect();
    Ok(match &lines[..] {
        [line] => format!("[{}]", line.trim_end_matches(',')),
        lines => format!("[\n    {}\n]", lines.join("\n    ")),
    })
}

/// The value as it stands after a key.
fn inline(value: &(impl Serialize + ?Sized)) -> Result<String, ProfileError> {
    Ok(toml::Value::try_from(value)?.to_string())
}

/// The fields of a column, or the reason why it is left out; empty for the label.
fn field(
    files: &FileProfile,
    column: &ColumnProfile,
    inferred: &InferredColumn,
    examples: Examples,
) -> Result<String, ProfileError> {
    let mut text = String::new();
    for field in &inferred.fields {
        text += &format!("[[field]]\n{}\n", toml::to_string(field)?);
    }
    Ok(match &inferred.left_out {
        Some(LeftOutReason::Label) => String::new(),
        None => {
            let summary = summary(column, inferred, examples);
            let missing = inferred.explain_missing(column, examples);
            let reason = inferred.explain(column, examples);
            let unseen = inferred.fields.iter().find_map(|field| unseen(files, &field.name));
            let lines = [Some(summary), Some(reason), missing, unseen].into_iter().flatten();
            lines
                .filter(|line| !line.is_empty())
                .map(|line| format!("# {line}\n"))
                .collect::<String>()
                + &text
        }
        Some(reason) => {
            let why = inferred.explain(column, examples);
            left_out(column, reason, &why, &text)
        }
    })
}

/// What is said of a field's values in other files.
fn unseen(files: &FileProfile, field: &str) -> Option<String> {
    unseen::comment(&files.others, field)
}

/// A comment that gives the reason and, if the column could be used all the same, its fields.
fn left_out(column: &ColumnProfile, reason: &LeftOutReason, why: &str, fields: &str) -> String {
    let name = match column.name() {
        "" => "A column".to_owned(),
        name => format!("`{}`", name.escape_debug()),
    };
    let commented = |line| format!("# {line}").trim_end().to_owned() + "\n";
    let is_usable =
        matches!(reason, LeftOutReason::Leak(_) | LeftOutReason::RowId | LeftOutReason::Queries(_));
    let fields = if is_usable { fields.trim_end() } else { "" };
    let lines: String = fields.lines().map(commented).collect();
    format!("# {name} is left out: {why}.\n{lines}\n")
}

/// A summary of a column in one line.
fn summary(column: &ColumnProfile, inferred: &InferredColumn, examples: Examples) -> String {
    let distinct = |count: DistinctCount, noun: &str| {
        let plural = if count.n == 1 { "" } else { "s" };
        format!("{count} {noun}{plural}")
    };
    let mut parts = vec![match inferred.kind {
        ColumnKind::Ids => distinct(column.distinct(), "value"),
        ColumnKind::Text => distinct(column.distinct(), "text"),
        ColumnKind::Time(_) => distinct(column.distinct(), "time"),
        ColumnKind::Vector(_) => distinct(column.distinct(), "vector"),
        ColumnKind::List(form) => {
            let elements = distinct(form.distinct, "element");
            format!("lists of {:.1} out of {elements}", form.mean_length)
        }
        ColumnKind::Number(_) => column.number_summary(examples),
    }];
    let missing = column.missing().rows;
    if missing > 0 {
        parts.push(format!("{} missing", percent(missing, missing + column.present().rows)));
    }
    parts.join(", ")
}

/// The crosses, each with its gain in a comment, after the columns that are one another renamed.
fn crosses(files: &FileProfile) -> Result<String, ProfileError> {
    let mut text = String::new();
    for [first, second] in &files.pairs.renamed {
        let (first, second) = (first.escape_debug(), second.escape_debug());
        text += &format!(
            "# `{second}` is `{first}` renamed: each value of one goes with one value of the other, so that one of them is enough.\n\n"
        );
    }
    for (i, cross) in files.pairs.crosses.iter().enumerate() {
        let InferredCross { field, additive_loss, gain, standard_error, rows, .. } = cross;
        let beside = if i > 0 { ", beside the pairs above" } else { "" };
        let (errors, rows) = (gain / standard_error, grouped(*rows));
        text += &format!(
            "# Past labels of the pair lower the log loss from {additive_loss:.4} to {:.4} on {rows} rows that did not choose it,\n\
             # {errors:.0} standard errors beyond the best sum of both columns{beside}.\n\
             {}[[field]]\n{}\n",
            additive_loss - gain,
            unseen(files, &field.name).map(|line| format!("# {line}\n")).unwrap_or_default(),
            toml::to_string(field)?
        );
    }
    Ok(text)
}

fn sizes(sizes: &FirstSizes) -> String {
    let FirstSizes { embedding, hidden, dropout, epochs, batch, patience, .. } = sizes;
    let FirstSizes { embedding_l2, l2, .. } = sizes;
    let dropout = if *dropout > 0.0 { format!("dropout = {dropout}\n") } else { String::new() };
    let l2 = if *l2 > 0.0 { format!("l2 = {l2}\n") } else { String::new() };
    let (updates, why) = match sizes.dense_tables {
        true => ("\"dense\"", "        # each step updates every row of a table"),
        false => (
            "\"rows\"",
            "         # each step updates only the rows of the batch, as large tables need",
        ),
    };
    let (most, end) = match sizes.holds_out {
        true => (
            format!("{epochs}                    # at most: `patience` ends training earlier"),
            format!("patience = {patience}\n"),
        ),
        false => (
            epochs.to_string(),
            "schedule = \"cosine\"            # the last steps are small, and the last epoch is kept\n\
             valid_fraction = 0             # one class has too few rows to choose an epoch by some of them\n"
                .to_owned(),
        ),
    };
    format!(
        "[model]\n\
         embedding = {embedding}\n\
         bypass_below = 0               # every field has an embedding\n\
         hidden = {hidden:?}\n\
         {dropout}\n\
         [train]\n\
         epochs = {most}\n\
         batch = {batch}\n\
         learning_rate = {LEARNING_RATE}\n\
         start_from_rate = true         # the untrained model predicts the share of positive rows\n\
         table_updates = {updates}{why}\n\
         embedding_l2 = {embedding_l2}\n\
         {l2}\
         {end}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_names_are_broken_into_lines() {
        let names = |n: usize| (0..n).map(|i| format!("column \"{i}\"")).collect::<Vec<_>>();
        for n in [1, 3, 30] {
            let text = format!("columns = {}", list(&names(n)).unwrap());
            let read: toml::Table = toml::from_str(&text).unwrap();
            assert_eq!(read["columns"].as_array().unwrap().len(), n);
            assert!(text.lines().all(|line| line.len() <= WIDTH + 4), "{text}");
        }
    }
}
