//! `deepcross describe`: shows the contents of columns.

use crate::arguments::{
    ConfigFile, DataFiles, Json, LabelColumn, Layout, ShownExamples, files_help, help_texts,
};
use crate::output::{self, say};
use crate::steps::{absent_labels, profiled, settings, warn_of_skipped};
use crate::text::skipped_rows::skipped_lines;
use crate::text::tables::{grouped, metric, percent, shown, text_table};
use crate::warnings::Warnings;
use anyhow::Result;
use clap::Args;
use comfy_table::{CellAlignment, ContentArrangement, Table};
use deepcross_data::Input;
use deepcross_profile::{
    ColumnKind, ColumnProfile, Examples, FileProfile, InferredColumn, LabelCounts, LeftOutReason,
    ListNotation, ProfileReport, TopValue,
};

const DESCRIBE_HELP: &str = concat!(
    "Examples:
  deepcross describe --data clicks.csv --label click
  deepcross describe --data 'logs/*.tsv.gz' --config run.toml --json

",
    files_help!()
);

#[derive(Debug, Args)]
#[command(
    after_help = DESCRIBE_HELP,
    mut_args(help_texts(&[
        ("data", "The rows to describe; several files are read in order"),
    ])),
)]
pub(crate) struct DescribeArgs {
    #[command(flatten)]
    pub(crate) data: DataFiles,
    #[command(flatten)]
    pub(crate) label: LabelColumn,
    #[command(flatten)]
    pub(crate) layout: Layout,
    #[command(flatten)]
    pub(crate) config: ConfigFile,
    #[command(flatten)]
    pub(crate) examples: ShownExamples,
    #[command(flatten)]
    pub(crate) json: Json,
    #[command(flatten)]
    pub(crate) warnings: Warnings,
}

/// The widest line of a table.
const WIDTH: usize = 100;

/// The number of frequent values shown for each column.
const TOP: usize = ProfileReport::TOP;

pub(crate) fn run(args: &DescribeArgs) -> Result<()> {
    let (profiled, examples) = (read(args)?, args.examples.get());
    let profile = &profiled.profile;
    warn_of_skipped(args.warnings, &profile.skipped, profile.rows.rows)?;
    absent_labels(&profiled).map_or(Ok(()), |absent| args.warnings.warn(absent))?;
    if args.json.is_asked {
        return output::print(serde_json::to_string(&ProfileReport::new(&profiled, examples))?);
    }
    for line in skipped_lines(&profiled.profile.skipped) {
        say(line);
    }
    let tables = [table_of(&profiled, examples), reasons(&profiled, examples)];
    let [values, reasons] = tables.map(|table| table.trim_fmt());
    output::print(format_args!("{}\n\n{values}\n\n{reasons}", title(&profiled)))
}

/// Reads the files as the configuration says; without one, guesses their form.
fn read(args: &DescribeArgs) -> Result<FileProfile> {
    let files = Input::from(&args.data.files()?);
    let guess_missing = args.config.path.is_none() && args.layout.missing.is_empty();
    let config = settings(&files, &args.config, &args.layout, &args.label)?;
    profiled(&files, &config, (&args.label, &args.layout), guess_missing)
}

fn title(profiled: &FileProfile) -> String {
    let (rows, missing) = (profiled.profile.rows, &profiled.profile.missing);
    let positive = match rows.labelled() {
        0 => String::new(),
        labelled => format!(", {} positive", percent(rows.positives(), labelled)),
    };
    let missing: Vec<_> =
        missing.iter().filter(|value| !value.is_empty()).map(|v| format!("`{v}`")).collect();
    let missing = match missing.is_empty() {
        true => String::new(),
        false => format!("; {} means missing", missing.join(", ")),
    };
    format!("{} rows{positive}{missing}", grouped(rows.rows))
}

fn table_of(profiled: &FileProfile, examples: Examples) -> Table {
    let has_label = profiled.profile.rows.labelled() > 0;
    let columns = profiled.profile.columns.iter().zip(&profiled.fields.columns);
    let mut rows: Vec<Vec<String>> = columns.clone().map(|(c, i)| cells(c, i, has_label)).collect();
    let mut header = vec!["column", "kind", "distinct", "missing"];
    header.extend(has_label.then_some("AUC"));
    let width = |i: usize| {
        let cells = rows.iter().map(|row| row[i].chars().count());
        cells.chain([header[i].len()]).max().unwrap_or_default() + 2
    };
    let left = WIDTH.saturating_sub((0..header.len()).map(width).sum::<usize>() + 2).max(24);
    for (row, (column, inferred)) in rows.iter_mut().zip(columns) {
        row.push(cut(&summary(column, inferred, examples), left));
    }
    header.push(match (examples, has_label) {
        (Examples::Shown, true) => "range, or frequent values → mean label",
        (Examples::Shown, false) => "range, or frequent values",
        (Examples::Hidden, true) => "mean, or shares of frequent values → mean label",
        (Examples::Hidden, false) => "mean, or shares of frequent values",
    });
    let mut table = text_table(&header);
    for column in table.column_iter_mut().skip(2).take(header.len() - 3) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table.add_rows(rows);
    table
}

/// A table with a line for each column that says how it is read and why, or why it is left out.
fn reasons(profiled: &FileProfile, examples: Examples) -> Table {
    let mut table = text_table(&["column", "how it is read, and why"]);
    table.set_content_arrangement(ContentArrangement::Dynamic).set_width(WIDTH as u16);
    for (column, inferred) in profiled.profile.columns.iter().zip(&profiled.fields.columns) {
        let left_out = inferred.left_out.as_ref();
        let is_left_out = left_out.is_some_and(|reason| *reason != LeftOutReason::Label);
        let why = inferred.explain(column, examples);
        let why = if is_left_out { format!("left out: {why}") } else { why };
        let missing = inferred.explain_missing(column, examples);
        let missing = missing.map(|missing| format!("; {missing}")).unwrap_or_default();
        table.add_row([cut(&shown(column.name()), 24), why + &missing]);
    }
    table
}

fn cells(column: &ColumnProfile, inferred: &InferredColumn, has_label: bool) -> Vec<String> {
    let missing = column.missing();
    let rows = missing.rows + column.present().rows;
    let is_label = inferred.left_out == Some(LeftOutReason::Label);
    let mut cells = vec![
        cut(column.name(), 24),
        kind(inferred),
        inferred.distinct(column).to_string().replace("about ", "~"),
        match missing.rows {
            0 => "–".to_owned(),
            n => format!("{}{}", percent(n, rows), mean(missing)),
        },
    ];
    cells.extend(has_label.then(|| metric(column.label_auc().filter(|_| !is_label))));
    cells
}

/// The mean label of some rows, to be shown after their share.
fn mean(counts: LabelCounts) -> String {
    counts.mean_label().map(|mean| format!(" → {mean:.3}")).unwrap_or_default()
}

fn kind(inferred: &InferredColumn) -> String {
    match (&inferred.left_out, inferred.kind) {
        (Some(reason), _) => reason.word().to_owned(),
        (None, ColumnKind::List(form)) => match form.notation {
            ListNotation::Separator(separator) => format!("multi-hot {separator:?}"),
            _ => "multi-hot [ ]".to_owned(),
        },
        (None, kind) => kind.field_kind().to_string(),
    }
}

/// The range for numbers; for all other columns the most frequent values with their shares.
fn summary(column: &ColumnProfile, inferred: &InferredColumn, examples: Examples) -> String {
    if matches!(inferred.kind, ColumnKind::Number(_)) {
        return column.number_summary(examples);
    }
    let rows = column.missing().rows + column.present().rows;
    let share = |n: u64| format!("{:.1} %", 100.0 * n as f64 / rows as f64);
    let values = inferred.top(column, TOP).into_iter();
    let is_label = inferred.left_out == Some(LeftOutReason::Label);
    let mean = |counts| if is_label { String::new() } else { mean(counts) };
    let values = values.map(|value| {
        let TopValue { text, counts } = value;
        let text = match examples {
            Examples::Shown => format!("{} ", text.escape_debug()),
            Examples::Hidden => String::new(),
        };
        format!("{text}{}{}", share(counts.rows), mean(counts))
    });
    values.collect::<Vec<_>>().join(", ")
}

/// The text, cut to `length` characters.
fn cut(text: &str, length: usize) -> String {
    match text.chars().nth(length) {
        Some(_) => text.chars().take(length - 1).chain(['…']).collect(),
        None => text.to_owned(),
    }
}
