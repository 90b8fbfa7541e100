//! The page of `deepcross evaluate`.

use super::{importance, slices};
use crate::text::calibration_text::map_words;
use crate::text::evaluation_text::EvaluationExtras;
use crate::text::group_report::{self, GroupReport};
use crate::text::skipped_rows::skipped_lines;
use crate::text::tables::{grouped, percent};
use crate::text::threshold_report::ThresholdReport;
use anyhow::Result;
use deepcross_data::RowReader;
use deepcross_metrics::{Evaluated, Ranked, Summary};
use deepcross_model::TrainedModel;
use deepcross_report::{Plot, Report, Section, Table};
use deepcross_train::pages::{fields, figures, footer, model, name, names};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

/// The probability that intervals cover.
const LEVEL: f64 = 0.95;
/// The number of points of a curve: more than a screen can show.
const POINTS: usize = 400;
/// The number of bins of the reliability diagram, the same as for the expected calibration error.
const BINS: NonZeroUsize = NonZeroUsize::MIN.saturating_add(14);
/// The number of bins of the scores, and the share of rows that may lie above the last bin.
const SPREAD: (usize, f64) = (40, 0.005);

/// The page: the metrics, their curves, and the sections that the call asked for.
pub(crate) fn page(
    (model_file, data): (&Path, &[PathBuf]),
    trained: &TrainedModel,
    reader: &RowReader<'_>,
    evaluated: &Evaluated<f32>,
    extras: &EvaluationExtras,
) -> Result<Report> {
    let (model_name, data) = (name(model_file), names(data));
    let Evaluated { summary, ranked } = evaluated;
    let mut report = Report::new(format!("{model_name} on {data}"));
    report.fact("Model", model_name);
    report.fact("Data", data);
    report.fact("Rows", grouped(summary.rows));
    let positives = grouped(summary.positives);
    let share = percent(summary.positives, summary.rows);
    report.fact("Positives", format!("{positives} ({share})"));
    if let Some(calibrator) = &trained.calibrator {
        report.fact("Calibrator", map_words(&calibrator.map));
    }
    if reader.skipped().rows > 0 {
        report.fact("Rows left out", grouped(reader.skipped().rows));
    }
    report.figures = figures(evaluated)?;
    report.note = "Below each value is its 95 % interval: by DeLong for the AUC, by the normal distribution for the others."
        .to_owned();
    report.sections = vec![ranking(summary, ranked), calibration(ranked)?];
    report.sections.extend(extras.decisions.as_ref().map(decisions));
    report.sections.extend(extras.groups.as_ref().map(groups));
    let permuted = extras.importance.as_ref();
    report.sections.extend(permuted.map(|(found, of)| importance::section(found, *of)));
    report.sections.extend(extras.slices.iter().flat_map(slices::sections));
    report.sections.push(data_section(trained, reader));
    report.sections.extend(model(trained));
    report.footer = footer();
    Ok(report)
}

fn ranking(summary: &Summary, ranked: &Ranked<f32>) -> Section {
    let mut section = Section::new("Ranking").with_note(
        "Whether the model ranks rows with a click before rows without: the further above the dashed line, the better.",
    );
    section.plots.extend(ranked.roc_curve(POINTS).map(|points| Plot::roc(&points)));
    let curve = ranked.precision_recall_curve(POINTS);
    section.plots.extend(curve.map(|points| Plot::precision_recall(&points, summary.base_rate)));
    section
}

fn calibration(ranked: &Ranked<f32>) -> Result<Section> {
    let bins = ranked.reliability(BINS, LEVEL)?;
    let mut section = Section::new("Calibration").with_note(
        "Points on the dashed line have the right probability; above it, there were more clicks than predicted.",
    );
    if bins.is_empty() {
        return Ok(section);
    }
    section.plots =
        vec![Plot::reliability(&bins), Plot::scores(&ranked.spread(SPREAD.0, SPREAD.1))];
    let header = ["bin", "rows", "mean prediction", "share of positives", "from", "to"];
    let mut table = Table::new("Reliability in bins of equal weight", &header);
    for (n, bin) in bins.iter().enumerate() {
        let numbers = [bin.mean_prediction, bin.mean_label, bin.low, bin.high];
        let cells = numbers.map(|number| format!("{number:.4}"));
        table.push([(n + 1).to_string(), grouped(bin.rows)].into_iter().chain(cells));
    }
    section.tables.push(table);
    Ok(section)
}

fn decisions(found: &ThresholdReport) -> Section {
    let mut section = Section::new("Decisions").with_note(format!(
        "A row counts as positive if its probability is at least {}. Outcomes are sums of weights.",
        found.threshold
    ));
    let mut table = Table::new("", &["measure", "value"]);
    found.cells().into_iter().for_each(|(name, value)| table.push([name.to_owned(), value]));
    section.tables.push(table);
    section
}

fn groups(found: &GroupReport) -> Section {
    let mut section = Section::new("Groups").with_note(format!(
        "The order of rows with the same `{}`{}. Each metric is a mean over groups: with all groups counting the same, \
         weighted by impressions, and weighted by clicks. \
         A group that does not define a metric is left out of its mean.",
        found.column,
        found.without_group()
    ));
    let mut table = Table::new("", &group_report::HEADER);
    found.cells().for_each(|cells| table.push(cells));
    section.tables.push(table);
    section
}

fn data_section(trained: &TrainedModel, reader: &RowReader<'_>) -> Section {
    let mut section = Section::new("Data").with_note(
        "Values that the model has not learned, in shares of all values. A dash means that the field cannot distinguish unseen values.",
    );
    section.tables.push(fields("Fields", reader.counts(), trained.encoder.shapes()));
    section.text = skipped_lines(reader.skipped()).join("\n");
    section
}
