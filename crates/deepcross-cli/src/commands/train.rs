//! `deepcross train`

use crate::args::Train;
use crate::inputs::{self, check_standard_input, keep_pipes_beside};
use crate::output::{check_apart, check_writable, read_text, resolved, say};
use crate::pages::training::Course;
use crate::pages::write;
use crate::progress::Progress;
use crate::signals::Signals;
use anyhow::Result;
use deepcross_model::TrainedModel;
use deepcross_train::{
    Checkpoints, Event, Files, Next, RunConfig, RunOptions, TrainError, load_model,
    remove_checkpoint, train, train_with,
};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

pub(crate) fn run(args: &Train) -> Result<()> {
    let files = Files { train: inputs::files(&args.data)?, valid: inputs::files(&args.valid)? };
    check_standard_input(files.train.iter().chain(&files.valid))?;
    let checkpoint = checkpoint_of(&args.out);
    let inputs = || files.train.iter().chain(&files.valid).chain([&args.config]);
    check_apart(&args.out, inputs())?;
    check_apart(&checkpoint, inputs().chain(&args.init))?;
    if let Some(cache) = &args.cache {
        check_apart(cache, inputs().chain(&args.init).chain([&args.out, &checkpoint]))?;
    }
    if let Some(report) = &args.report {
        let others = [&args.out, &checkpoint].into_iter().chain(&args.cache);
        check_apart(report, inputs().chain(&args.init).chain(others))?;
    }
    let mut overrides = args.overrides.clone();
    overrides.extend(args.seed.map(|seed| format!("train.seed={seed}")));
    let text = read_text(&args.config)?;
    let config = RunConfig::parse(&text, &overrides, &args.config.display().to_string())?;
    let init = args.init.as_deref().map(load_model).transpose()?;
    if init.as_ref().is_some_and(|init| init.calibrator.is_some()) {
        say(
            "the calibrator of the model to begin from is left behind: it does not suit weights that move on",
        );
    }
    // The pass that fits and each epoch read all rows again.
    keep_pipes_beside(&resolved(&args.out));
    check_writable(&args.out)?;
    args.report.as_deref().map_or(Ok(()), check_writable)?;
    say_where_it_begins(args, &checkpoint);
    let signals = Signals::listen()?;
    let checkpoints = Checkpoints::new(&checkpoint)
        .resume(args.resume)
        .ask(next(&signals, config.train.checkpoint_minutes()));
    let threads = args.threads.get();
    let cache = args.cache.as_deref().map(resolved);
    let options = RunOptions { threads, init, checkpoints: Some(checkpoints), cache };
    let mut course = Course::default();
    let trained = train_keeping(&config, &files, options, &signals, &mut course)?;
    trained.save(&resolved(&args.out))?;
    remove_checkpoint(&checkpoint)?;
    say(format_args!("wrote {}", args.out.display()));
    if let Some(report) = &args.report {
        write(report, &course.page(args, &trained))?;
        say(format_args!("wrote {}", report.display()));
    }
    Ok(())
}

/// Where the checkpoint of a run stands: beside the artifact.
fn checkpoint_of(out: &Path) -> PathBuf {
    let mut path = resolved(out).into_os_string();
    path.push(".checkpoint");
    path.into()
}

fn say_where_it_begins(args: &Train, checkpoint: &Path) {
    let file = checkpoint.display();
    match (args.resume, checkpoint.exists()) {
        (true, false) => say(format_args!("there is no checkpoint {file}: beginning anew")),
        (false, true) => say(format_args!(
            "beginning anew: the first checkpoint replaces {file}; with --resume, the run would go on from it"
        )),
        _ => {}
    }
}

/// What the program answers after each step: what signals and the clock say.
fn next(signals: &Signals, minutes: Option<f64>) -> impl FnMut(u64) -> Next + Send + use<> {
    let interval = minutes.and_then(|minutes| Duration::try_from_secs_f64(60.0 * minutes).ok());
    let (signals, mut last, mut begun) = (signals.clone(), Instant::now(), false);
    move |_| {
        if !begun {
            signals.hold();
            begun = true;
        }
        if signals.interrupted().is_some() {
            return Next::Stop;
        }
        let is_due = interval.is_some_and(|interval| last.elapsed() >= interval);
        if is_due {
            last = Instant::now();
        }
        if is_due { Next::Checkpoint } else { Next::Continue }
    }
}

/// Trains with a progress bar and a summary; says where the checkpoint stands when the run ends before its time.
fn train_keeping(
    config: &RunConfig,
    files: &Files,
    options: RunOptions<'_>,
    signals: &Signals,
    course: &mut Course,
) -> Result<TrainedModel> {
    let mut progress = Progress::new(options.threads, config.train.negative_rate);
    let mut stands = None;
    let trained = train_with(config, files, options, &mut |event| {
        if let Event::Resumed { file, step, .. } | Event::Checkpoint { file, step } = event {
            stands = Some((file.to_owned(), step));
        }
        progress.observe(&event);
        course.observe(&event);
    });
    match trained {
        Ok(trained) => {
            progress.finish();
            Ok(trained)
        }
        Err(error) => {
            progress.clear();
            Err(ended(error, stands, signals))
        }
    }
}

/// What is said of a run that ended before its time.
fn ended(error: TrainError, stands: Option<(PathBuf, u64)>, signals: &Signals) -> anyhow::Error {
    match (error, stands) {
        (TrainError::Stopped { file, step }, _) => {
            let file = file.display();
            say(format_args!(
                "interrupted after step {step}; the checkpoint is {file}: the same call with --resume goes on"
            ));
            let stopped = || anyhow::anyhow!("stopped by no signal");
            signals.interrupted().map_or_else(stopped, anyhow::Error::from)
        }
        (error @ TrainError::OtherRun { .. }, _) | (error, None) => error.into(),
        (error, Some((file, step))) => {
            let file = file.display();
            let advice = match error {
                TrainError::NotFinite { .. } => format!(
                    "to go on from step {step} with other settings, such as a lower learning rate, rename {file} and \
                     give its new name to --init"
                ),
                _ => format!(
                    "the checkpoint of step {step} is {file}: the same call with --resume goes on"
                ),
            };
            let error = anyhow::Error::from(error);
            anyhow::anyhow!("{error:#}\n{advice}")
        }
    }
}

/// Trains with a progress bar and a summary, without checkpoints, and writes the artifact.
pub(crate) fn train_and_save(
    config: &RunConfig,
    files: &Files,
    threads: usize,
    out: &Path,
) -> Result<TrainedModel> {
    check_writable(out)?;
    let mut progress = Progress::new(threads, config.train.negative_rate);
    let trained = train(config, files, threads, &mut |event| progress.observe(&event))?;
    progress.finish();
    trained.save(&resolved(out))?;
    say(format_args!("wrote {}", out.display()));
    Ok(trained)
}
