//! Rows in memory go everywhere that files go, and give the same models, caches and predictions.

use crate::common::{clicks, config, folder, predictions, write};
use deepcross::data::Input;
use deepcross::train::{
    CacheEvent, Checkpoints, Event, Files, Next, RunOptions, TrainError, train,
};

const ROWS: u64 = 2500;

/// The rows of lines of TSV, the header first.
fn input(lines: &[String]) -> Input {
    let row = |line: &String| line.split('\t').map(str::to_owned).collect();
    let mut rows: Vec<Vec<String>> = lines.iter().map(row).collect();
    let header = rows.remove(0);
    Input::from_rows(header, rows)
}

#[test]
fn rows_in_memory_give_the_model_of_files() {
    let (folder, lines, test) = (folder(), clicks(1, ROWS), clicks(2, 500));
    let config = config(&[]);
    let [file, test_file] = [("train.tsv", &lines), ("test.tsv", &test)]
        .map(|(name, lines)| Input::from(vec![write(&folder, name, lines)]));
    let models = [(file, 1), (input(&lines), 2)].map(|(input, threads)| {
        train(&config, &Files::new(input), RunOptions::on_threads(threads), &mut |_| ())
            .expect("the rows are valid")
    });
    let [from_file, from_memory] = models.each_ref().map(|model| {
        let path = folder.path().join("model.dcx");
        model.save(&path).expect("there is room");
        std::fs::read(path).expect("the model is there")
    });
    assert!(from_file == from_memory);
    let expected = predictions(&models[0], &config, test_file);
    assert_eq!(predictions(&models[1], &config, input(&test)), expected);
}

#[test]
fn runs_on_rows_in_memory_resume_and_have_caches() {
    let (folder, lines) = (folder(), clicks(1, ROWS));
    let (checkpoint, cache) = (folder.path().join("checkpoint"), folder.path().join("rows.dcc"));
    let config = config(&[]);
    let run = |lines: &[String], next: fn(u64) -> Next, resume, events: &mut Vec<&'static str>| {
        let checkpoints = Checkpoints::new(&checkpoint).resume(resume).ask(next);
        let (checkpoints, cache) = (Some(checkpoints), Some(cache.clone()));
        let options = RunOptions { checkpoints, cache, ..RunOptions::on_threads(2) };
        train(&config, &Files::new(input(lines)), options, &mut |event| match event {
            Event::Cache(CacheEvent::Used { .. }) => events.push("used"),
            Event::Cache(CacheEvent::Refused { .. }) => events.push("refused"),
            Event::Resumed { .. } => events.push("resumed"),
            _ => {}
        })
    };
    let plain = train(&config, &Files::new(input(&lines)), RunOptions::on_threads(1), &mut |_| ());
    let stop = |step| if step == 3 { Next::Stop } else { Next::Continue };
    let mut events = Vec::new();
    let stopped = run(&lines, stop, false, &mut events);
    assert!(matches!(stopped, Err(TrainError::Stopped { .. })));
    let mut other = lines.clone();
    other.swap(5, 6);
    let refused = run(&other, |_| Next::Continue, true, &mut events);
    let message = refused.expect_err("other rows").to_string();
    assert!(
        message.contains("the training file `rows in memory` has different content"),
        "{message}"
    );
    let resumed = run(&lines, |_| Next::Continue, true, &mut events).expect("the run resumes");
    assert_eq!(events, ["refused", "used", "resumed"]);
    let plain = plain.expect("the rows are valid");
    assert_eq!(
        predictions(&resumed, &config, input(&lines)),
        predictions(&plain, &config, input(&lines))
    );
}
