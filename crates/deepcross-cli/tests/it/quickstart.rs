//! Tests of `quickstart` and `simulate`, which need no files.

use crate::Folder;

const WRITTEN: [&str; 6] =
    ["model.dcx", "predictions.csv", "run.toml", "test-truth.tsv", "test.tsv", "train.tsv"];

#[test]
fn quickstart_does_every_step_and_can_be_repeated() {
    let folder = Folder::new();
    let first = folder.succeed("quickstart --rows 2000 --out q");
    for part in ["model", "best possible", "always the base rate", "AUC", "log loss"] {
        assert!(first.stdout.contains(part), "{part}\n{}", first.stdout);
    }
    let mut names: Vec<_> = std::fs::read_dir(folder.path("q"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, WRITTEN);
    assert_eq!(folder.text("q/train.tsv").lines().count(), 1 + 2000);
    assert_eq!(folder.text("q/predictions.csv").lines().count(), 1 + 500);
    assert!(!first.stderr.contains("overwriting"), "{}", first.stderr);
    for file in ["model.dcx", "predictions.csv"] {
        let line = format!("wrote q/{file}\n");
        assert_eq!(first.stderr.matches(&line).count(), 1, "{}", first.stderr);
    }
    let before = WRITTEN.map(|name| folder.read(&format!("q/{name}")));

    let second = folder.succeed("quickstart --rows 2000 --out q --threads 3");
    for name in WRITTEN {
        let line = format!("overwriting q/{name}\n");
        assert!(second.stderr.contains(&line), "{line}\n{}", second.stderr);
    }
    assert_eq!(second.stdout, first.stdout);
    assert!(WRITTEN.map(|name| folder.read(&format!("q/{name}"))) == before, "the files differ");
}

#[test]
fn files_of_quickstart_work_with_the_other_commands() {
    let folder = Folder::new();
    folder.succeed("quickstart --rows 1000 --out q");
    let predicted = folder.succeed("predict --model q/model.dcx --data q/test.tsv").stdout;
    assert_eq!(predicted, folder.text("q/predictions.csv"));
    folder.succeed("train --config q/run.toml --data q/train.tsv --out again.dcx");
    assert!(folder.read("again.dcx") == folder.read("q/model.dcx"), "the artifacts differ");
}

#[test]
fn simulation_depends_on_rows_and_seed_only() {
    let folder = Folder::new();
    folder.succeed("simulate --rows 300 --seed 7 --out a.tsv --truth a-truth.tsv");
    folder.succeed("simulate --rows 300 --seed 7 --out b.tsv");
    folder.succeed("simulate --rows 300 --seed 8 --out c.tsv");
    assert_eq!(folder.text("a.tsv"), folder.text("b.tsv"));
    assert_ne!(folder.text("a.tsv"), folder.text("c.tsv"));

    let truth = folder.text("a-truth.tsv");
    let (header, probabilities) = truth.split_once('\n').unwrap();
    assert_eq!(header, "probability");
    let is_probability = |line: &str| line.parse::<f64>().is_ok_and(|p| p > 0.0 && p < 1.0);
    assert!(probabilities.lines().all(is_probability), "{truth}");
    assert_eq!(probabilities.lines().count(), 300);
    let columns = "click\tquery\tkeyword\ttitle\tmatch_type\tcampaign\tposition\tuser\tdevice\thour\tage\tprice\n";
    assert!(folder.text("a.tsv").starts_with(columns));
}
