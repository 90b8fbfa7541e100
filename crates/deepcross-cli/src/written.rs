//! A configuration as it is written for a user: what differs from the defaults, with a comment for
//! each field that says what its column holds.

use crate::profiled::Profiled;
use crate::sizes::Sizes;
use crate::text::tables::{grouped, percent};
use anyhow::{Context, Result};
use deepcross_data::{
    ColumnProfile, Count, DataConfig, InferredColumn, Kind, LabelConfig, LeftOut,
};
use serde::Serialize;
use std::fmt::Write;

/// The longest line.
const WIDTH: usize = 100;

/// The text of a run's configuration; `what` is called the source of the rows.
pub(crate) fn configuration(profiled: &Profiled, what: &str) -> Result<String> {
    let fields = profiled.profile.columns.iter().zip(&profiled.inferred.columns);
    let fields: Result<Vec<_>> = fields.map(|(column, inferred)| field(column, inferred)).collect();
    let sections = [head(profiled, what), data(profiled)?, fields?.concat(), sizes(profiled)];
    Ok(sections.concat())
}

fn head(profiled: &Profiled, what: &str) -> String {
    let rows = profiled.profile.rows;
    let (n, positive) = (grouped(rows.rows), percent(rows.positives(), rows.labelled()));
    let what = what.escape_debug();
    format!(
        "# Chosen from {n} rows of {what}, {positive} positive: a beginning, to be read and changed.\n\n"
    )
}

fn data(profiled: &Profiled) -> Result<String> {
    let DataConfig { format, label, missing, columns, delimiter, comment, .. } = &profiled.config;
    let mut text = String::from("[data]\n");
    let mut set = |key: &str, value: Option<String>| {
        // Writing to a string does not fail.
        value.iter().for_each(|value| writeln!(text, "{key} = {value}").unwrap_or_default());
    };
    set("format", format.map(|format| inline(&format)).transpose()?);
    set("delimiter", delimiter.map(|c| inline(&c)).transpose()?);
    set("comment", comment.map(|c| inline(&c)).transpose()?);
    set("columns", columns.as_ref().map(|columns| list(columns)).transpose()?);
    set("label", label.as_ref().map(label_value).transpose()?);
    set("missing", (missing[..] != [""]).then(|| inline(missing)).transpose()?);
    let unlabelled = profiled.profile.rows.rows - profiled.profile.rows.labelled();
    if unlabelled > 0 {
        let rows = grouped(unlabelled);
        set("bad_rows", Some(format!("\"skip\"  # {rows} rows have no label")));
    }
    Ok(format!("{text}\n"))
}

fn label_value(label: &LabelConfig) -> Result<String> {
    if *label == LabelConfig::binary(&label.column) {
        return inline(&label.column);
    }
    let LabelConfig { column, positive, negative } = label;
    Ok(format!(
        "{{ column = {}, positive = {}, negative = {} }}",
        inline(column)?,
        inline(positive)?,
        inline(negative)?
    ))
}

/// A list of names, in as many lines as it needs.
fn list(names: &[String]) -> Result<String> {
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

/// A value as it stands after a key.
fn inline(value: &(impl Serialize + ?Sized)) -> Result<String> {
    let value = toml::Value::try_from(value).context("cannot be written as TOML")?;
    Ok(value.to_string())
}

/// The fields of a column, or why there are none; nothing for the label.
fn field(column: &ColumnProfile, inferred: &InferredColumn) -> Result<String> {
    let mut text = String::new();
    for field in &inferred.fields {
        text += &format!("[[field]]\n{}\n", toml::to_string(field).context("cannot be written")?);
    }
    Ok(match &inferred.left_out {
        Some(LeftOut::Label) => String::new(),
        None => format!("# {}\n{text}", about(column, inferred)),
        Some(reason) => {
            let name = match column.name() {
                "" => "A column".to_owned(),
                name => format!("`{}`", name.escape_debug()),
            };
            let commented = |line| format!("# {line}").trim_end().to_owned();
            let lines: Vec<_> = text.trim_end().lines().map(commented).collect();
            let is_usable = matches!(reason, LeftOut::Leak(_) | LeftOut::RowId);
            let lines = if is_usable { lines.join("\n") + "\n" } else { String::new() };
            format!("# {name} is left out: {}.\n{lines}\n", why(column, reason))
        }
    })
}

/// Why a column is left out, as the end of a sentence.
pub(crate) fn why(column: &ColumnProfile, reason: &LeftOut) -> String {
    match reason {
        LeftOut::NoName => "it has no name".to_owned(),
        LeftOut::Empty => "it is empty in every row".to_owned(),
        LeftOut::Constant => {
            let value =
                column.top(1).into_iter().map(|value| value.text).next().unwrap_or_default();
            format!("it is `{}` in every row", value.escape_debug())
        }
        LeftOut::RowId => "it is another one in (nearly) every row".to_owned(),
        LeftOut::Leak(auc) => {
            format!(
                "it predicts the label by itself (AUC {auc:.4}), as if it were written after it"
            )
        }
        LeftOut::NotText(n) => format!("{} of its values are no UTF-8", grouped(*n)),
        _ => "it is of no use".to_owned(),
    }
}

/// What a column holds, in a line.
fn about(column: &ColumnProfile, inferred: &InferredColumn) -> String {
    let distinct = |count: Count, what: &str| {
        let plural = if count.n == 1 { "" } else { "s" };
        format!("{} {what}{plural}", counted(count))
    };
    let mut parts = vec![match inferred.kind {
        Kind::Ids => distinct(column.distinct(), "value"),
        Kind::Text => distinct(column.distinct(), "text"),
        Kind::Time(_) => distinct(column.distinct(), "time"),
        Kind::List(form) => {
            format!(
                "lists of {:.1} out of {}",
                form.mean_length,
                distinct(form.distinct, "element")
            )
        }
        _ => range(column),
    }];
    let missing = column.missing().rows;
    if missing > 0 {
        parts.push(format!("{} missing", percent(missing, missing + column.present().rows)));
    }
    parts.join(", ")
}

/// The range and the middle of numbers.
pub(crate) fn range(column: &ColumnProfile) -> String {
    let Some(numbers) = column.numbers() else { return String::new() };
    let median = column.median().map(|median| format!(", median {}", short(median)));
    let (min, max) = (short(numbers.min), short(numbers.max));
    format!("{min} to {max}{}, mean {}", median.unwrap_or_default(), short(numbers.mean))
}

/// A count, with a word for one that is estimated.
pub(crate) fn counted(count: Count) -> String {
    let about = if count.exact { "" } else { "about " };
    format!("{about}{}", grouped(count.n))
}

/// A number with four digits, or all of them before the point.
fn short(x: f64) -> String {
    if x.abs() >= 1e15 || (x != 0.0 && x.abs() < 1e-3) {
        return format!("{x:.3e}");
    }
    let digits = if x == 0.0 { 0.0 } else { x.abs().log10().floor() };
    let decimals = (3.0 - digits).clamp(0.0, 6.0) as usize;
    let text = format!("{x:.decimals$}");
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}

fn sizes(profiled: &Profiled) -> String {
    let Sizes { embedding, hidden, dropout, epochs, batch, patience, dense, by_auc } =
        Sizes::of(profiled);
    let dropout = if dropout > 0.0 { format!("dropout = {dropout}\n") } else { String::new() };
    let tables = match dense {
        true => {
            "table_updates = \"dense\"        # every row of a table in each step, with a penalty\nembedding_l2 = 1e-5\n"
        }
        false => {
            "table_updates = \"rows\"         # the rows of the batch only, as large tables need\n"
        }
    };
    let monitor = if by_auc { "monitor = \"auc\"\n" } else { "" };
    format!(
        "[model]\n\
         embedding = {embedding}\n\
         bypass_below = 0               # every field has an embedding\n\
         hidden = {hidden:?}\n\
         {dropout}\n\
         [train]\n\
         epochs = {epochs}                    # at most: `patience` ends it earlier\n\
         batch = {batch}\n\
         learning_rate = 1e-3\n\
         {tables}\
         patience = {patience}\n\
         {monitor}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        let cases = [
            (0.0, "0"),
            (38.581_646, "38.58"),
            (17.0, "17"),
            (99_999.0, "99999"),
            (-0.25, "-0.25"),
            (0.012_345_6, "0.01235"),
            (1e-9, "1.000e-9"),
            (3e38, "3.000e38"),
        ];
        for (x, expected) in cases {
            assert_eq!(short(x), expected);
        }
    }

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
