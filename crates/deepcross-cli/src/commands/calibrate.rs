//! `deepcross calibrate`

use super::{load, on_threads, reader, set_format};
use crate::args::Calibrate;
use crate::calibration_report::{CalibrationReport, bins_of};
use crate::inputs::{self, check_standard_input};
use crate::output::{self, check_apart, check_writable, resolved, say};
use crate::pages::{calibration::page, write};
use crate::tables::{counted, grouped, metric, table};
use crate::values::report_values;
use anyhow::Result;
use deepcross_calibration::{CalibrationMap, FOLDS};
use deepcross_data::Labels;
use deepcross_metrics::Summary;
use deepcross_model::{Tapes, TrainedModel, TrainingSummary};
use deepcross_train::{Calibration, calibrate};

pub(crate) fn run(args: &Calibrate) -> Result<()> {
    let data = inputs::files(&args.data)?;
    check_standard_input(&data)?;
    check_apart(&args.out, data.iter().chain([&args.model]))?;
    if let Some(report) = &args.report {
        check_apart(report, data.iter().chain([&args.model, &args.out]))?;
        check_writable(report)?;
    }
    check_writable(&args.out)?;
    let (mut trained, mut config) = load(&args.model)?;
    set_format(&mut config.data, args.format);
    let mut reader = reader(&trained, &config, &data, Labels::Required)?;
    let work = || calibrate(trained.predictor(), &mut reader, &Tapes::new(), args.method.into());
    let found = on_threads(args.threads.get(), work)??;
    report_values(&reader);
    warn(args, &trained, &found);
    trained.calibrator = Some(found.calibrator.clone());
    trained.save(&resolved(&args.out))?;
    say(format_args!("wrote {}", args.out.display()));
    if let Some(report) = &args.report {
        write(report, &page(args, &trained, &found)?)?;
        say(format_args!("wrote {}", report.display()));
    }
    if args.json {
        return output::print(serde_json::to_string(&CalibrationReport::new(&found)?)?);
    }
    print(&found)
}

/// What a user should know of the rows and the fit.
fn warn(args: &Calibrate, trained: &TrainedModel, found: &Calibration) {
    let model = args.model.display();
    if let Some(before) = &trained.calibrator {
        let method = before.map.method().name();
        say(format_args!(
            "{model} has a calibrator already ({method}): the new one takes its place, and is fitted to the logits before it"
        ));
    }
    let Summary { rows, positives, .. } = found.before.summary;
    if is_like_training(rows, positives, &trained.training) {
        say(format_args!(
            "warning: there are as many rows as {model} was trained on: on rows that it knows, a calibrator learns that it \
             may be surer than it should"
        ));
    }
    if let CalibrationMap::Temperature(map) = &found.calibrator.map
        && map.is_at_bound()
    {
        say(format_args!(
            "warning: the temperature is at the end of its range, {}: the rows are separated by the model, or it tells \
             nothing about them",
            map.temperature()
        ));
    }
}

/// Whether so many rows and clicks may be those of the training: with its validation rows, or without.
fn is_like_training(rows: u64, positives: u64, training: &TrainingSummary) -> bool {
    let same = rows == training.rows && positives == training.positives;
    same || (training.valid_rows > 0 && rows == training.rows + training.valid_rows)
}

/// What the numbers of a map are, in words.
pub(crate) fn map_words(map: &CalibrationMap) -> String {
    match map {
        CalibrationMap::Temperature(map) => {
            format!("temperature {:.4}: sigmoid(logit / {0:.4})", map.temperature())
        }
        CalibrationMap::Platt(map) => {
            let (slope, intercept) = (map.slope(), map.intercept());
            let sign = if intercept < 0.0 { '−' } else { '+' };
            format!("platt: sigmoid({slope:.4} · logit {sign} {:.4})", intercept.abs())
        }
        CalibrationMap::Isotonic(map) => {
            let points = map.points();
            let (low, high) = (points.first(), points.last());
            let p = |point: Option<&(f32, f32)>| point.map_or(f32::NAN, |point| point.1);
            let n = counted(points.len() as u64, "breakpoint");
            format!("isotonic: {n}, probabilities from {:.5} to {:.5}", p(low), p(high))
        }
    }
}

fn print(found: &Calibration) -> Result<()> {
    let Calibration { calibrator, before, after } = found;
    let (rows, positives) =
        (counted(before.summary.rows, "row"), grouped(before.summary.positives));
    let mut metrics = table(&["metric", "uncalibrated", "calibrated"]);
    for (name, before, after) in lines(&before.summary, &after.summary) {
        metrics.add_row([name.to_owned(), metric(before), metric(after)]);
    }
    let mut bins = table(&["bin", "mean prediction", "positives", "calibrated", "positives"]);
    let [before, after] = [bins_of(before)?, bins_of(after)?];
    for n in 0..before.len().max(after.len()) {
        let cells = [&before, &after].map(|bins| bins.get(n)).into_iter().flat_map(|bin| {
            [bin.map(|bin| bin.mean_prediction), bin.map(|bin| bin.mean_label)].map(metric)
        });
        bins.add_row([(n + 1).to_string()].into_iter().chain(cells));
    }
    output::print(format_args!(
        "{rows}, {positives} positive; calibrated by {FOLDS} folds, each by what the others gave\n\n{}\n\nreliability, in bins of \
         equal weight\n\n{}\n\n{}",
        metrics.trim_fmt(),
        bins.trim_fmt(),
        map_words(&calibrator.map)
    ))
}

/// Each metric before and after.
pub(crate) fn lines(
    before: &Summary,
    after: &Summary,
) -> [(&'static str, Option<f64>, Option<f64>); 6] {
    let both = |of: fn(&Summary) -> Option<f64>| (of(before), of(after));
    let line = |name, of| {
        let (before, after) = both(of);
        (name, before, after)
    };
    [
        line("log loss", |summary| summary.log_loss),
        line("normalized entropy", |summary| summary.normalized_entropy),
        line("Brier score", |summary| summary.brier),
        line("calibration", |summary| summary.calibration),
        line("expected calibration error", |summary| summary.expected_calibration_error),
        line("AUC", |summary| summary.auc),
    ]
}
