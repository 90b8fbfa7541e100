//! Tries each cell of the tables of `docs/combinations.md`.

use crate::Folder;
use std::path::Path;

/// The tables of the page: each row as its cells, without the marks of code.
fn tables() -> Vec<Vec<Vec<String>>> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/combinations.md");
    let page = std::fs::read_to_string(page).unwrap();
    let is_row = |line: &&str| line.starts_with('|');
    let lines: Vec<_> = page.lines().collect();
    let tables = lines.chunk_by(|a, b| is_row(a) == is_row(b)).filter(|lines| is_row(&lines[0]));
    let cells = |line: &&str| {
        let cells = line.trim_matches('|').split('|').map(|cell| cell.trim().replace('`', ""));
        cells.collect::<Vec<_>>()
    };
    tables.map(|lines| lines.iter().map(cells).collect()).collect()
}

/// The cells of a grid: kind, head of the column, and what the page says.
fn grid(table: &[Vec<String>]) -> impl Iterator<Item = (&str, &str, &str)> {
    let heads = &table[0][1..];
    table[2..].iter().flat_map(move |row| {
        let cells = heads.iter().zip(&row[1..]);
        cells.map(|(head, cell)| (row[0].as_str(), head.as_str(), cell.as_str()))
    })
}

/// A folder whose configuration has the keys that every kind takes.
fn folder() -> Folder {
    let folder = Folder::with_data();
    let config = folder.text("run.toml");
    let (fields, _) = config.split_once("[model]").unwrap();
    folder.write(
        "run.toml",
        format!("{fields}[model]\nembedding = 4\n[train]\nepochs = 1\nbatch = 32\n"),
    );
    folder
}

/// A training of this kind with one more key.
fn train(kind: &str, set: &str) -> String {
    let mut call = format!("train --config run.toml --data train.csv --set model.kind={kind}");
    match kind {
        "lr" => call += " --unset model.embedding",
        "fm" | "ffm" => {}
        "deepfm" => call += " --set model.hidden=[8]",
        _ => call += " --set model.hidden=[8] --set model.bypass_below=0",
    }
    if set.is_empty() { call } else { format!("{call} --set {set}") }
}

/// The message of a call that is refused, prints no data and leaves no file behind.
#[track_caller]
fn refused(folder: &Folder, call: &str) -> String {
    let before = folder.names();
    let outcome = folder.call(call);
    assert!(matches!(outcome.code, Some(1 | 2)), "{call}: {:?}", outcome.code);
    assert_eq!((outcome.stdout.as_str(), folder.names()), ("", before), "{call}");
    outcome.stderr
}

#[test]
fn each_cell_of_training_in_bf16_is_true() {
    let (folder, tables) = (folder(), tables());
    let mut n_cells = 0;
    for (kind, head, cell) in grid(&tables[0]) {
        let set = if head == "alone" { "" } else { head };
        let call = train(kind, set);
        let bf16 = format!("{call} --set train.precision=bf16");
        n_cells += 1;
        if cell == "no" {
            let error = refused(&folder, &format!("{bf16} --out bf16.dcx"));
            let (key, _) = head.split_once('=').unwrap_or(("train.precision", ""));
            let names_key = error.contains("train.precision") || error.contains(key);
            let of_kind = [format!("model.kind = \"{kind}\""), format!("the kind `{kind}`")];
            let names_kind = of_kind.iter().any(|kind| error.contains(kind));
            assert!(names_key && names_kind, "{kind}, {head}: {error}");
            continue;
        }
        assert_eq!(cell, "yes", "{kind}, {head}");
        folder.succeed(&format!("{call} --out f32.dcx"));
        folder.succeed(&format!("{bf16} --threads 1 --out bf16.dcx"));
        folder.succeed(&format!("{bf16} --threads 2 --out again.dcx"));
        assert!(folder.read("bf16.dcx") == folder.read("again.dcx"), "{kind}, {head}: threads");
        let predict =
            |model| folder.succeed(&format!("predict --data new.csv --model {model}")).stdout;
        assert_ne!(predict("bf16.dcx"), predict("f32.dcx"), "{kind}, {head}");
    }
    assert_eq!(n_cells, 8 * 8);
}

#[test]
fn each_cell_of_quantised_models_is_true() {
    let (folder, tables) = (folder(), tables());
    let mut n_cells = 0;
    for (kind, head, cell) in grid(&tables[1]) {
        let (to, set) = head.split_once(", ").unwrap_or((head, ""));
        n_cells += 1;
        let call = format!("{} --out model.dcx", train(kind, set));
        let quantize = format!("quantize --model model.dcx --data train.csv {to} --tolerance 50");
        if cell == "no" {
            let trains = !(set.contains("batch_norm") || set.contains("bf16"));
            if trains {
                folder.succeed(&call);
                let error = refused(&folder, &format!("{quantize} --out small.dcx"));
                assert!(
                    error.contains("would leave the model as it is"),
                    "{kind}, {head}: {error}"
                );
            } else {
                refused(&folder, &call);
            }
            continue;
        }
        assert_eq!(cell, "yes", "{kind}, {head}");
        folder.succeed(&call);
        folder.succeed(&format!("{quantize} --threads 1 --out small.dcx"));
        folder.succeed(&format!("{quantize} --threads 2 --out again.dcx"));
        assert!(folder.read("small.dcx") == folder.read("again.dcx"), "{kind}, {head}: threads");
        let predict =
            |model| folder.succeed(&format!("predict --data new.csv --model {model}")).stdout;
        assert_eq!(predict("small.dcx").lines().count(), 21, "{kind}, {head}");
        assert_ne!(predict("small.dcx"), predict("model.dcx"), "{kind}, {head}");
    }
    assert_eq!(n_cells, 8 * 6);
}

#[test]
fn each_call_with_a_quantised_model_is_true() {
    let (folder, tables) = (Folder::with_model(), tables());
    folder.succeed("quantize --model model.dcx --data train.csv --tolerance 50 --out small.dcx");
    folder.succeed("export --model model.dcx --format safetensors --out weights.safetensors");
    folder
        .succeed("calibrate --model model.dcx --data train.csv --method isotonic --out first.dcx");
    let calls = &tables[2][2..];
    assert_eq!(calls.len(), 12);
    for row in calls {
        let call = &row[0];
        match row[1].strip_prefix("no: ") {
            Some(reason) => {
                let error = refused(&folder, call);
                assert!(error.contains(reason), "{call}: {error}");
            }
            None => {
                assert_eq!(row[1], "yes", "{call}");
                folder.succeed(call);
            }
        }
    }
    folder.succeed("quantize --model first.dcx --data train.csv --tolerance 50 --out small.dcx");
    assert!(folder.succeed("inspect --model small.dcx").stdout.contains("isotonic"));
}

/// A model that loses too much is not written, and the file that was there stays.
#[test]
fn a_model_that_loses_too_much_is_refused() {
    let folder = Folder::with_data();
    // Clicks follow the ad, and the rows that choose the scales have ages that no other row has.
    let rows = |age: fn(usize) -> usize| {
        let click = |i: usize| (i % 3 == 2) != i.is_multiple_of(7);
        let row = |i: usize| format!("{},ad{},a|b,{}\n", u8::from(click(i)), i % 3, age(i));
        std::iter::once("click,ad,tags,age\n".to_owned())
            .chain((0..400).map(row))
            .collect::<String>()
    };
    folder.write("train.csv", rows(|i| 20 + i % 40));
    folder.write("old.csv", rows(|i| if i % 2 == 0 { 1_000_000_000 } else { 30 }));
    folder.succeed(
        "train --config run.toml --data train.csv --set field.age.transform=standard --set train.epochs=20 \
         --set train.learning_rate=0.05 --out model.dcx",
    );
    folder.write("small.dcx", "as it was");
    let call = "quantize --model model.dcx --data train.csv --tolerance 1 --out good.dcx";
    folder.succeed(call);
    let call = "quantize --model model.dcx --data old.csv --tolerance 1 --out small.dcx";
    let error = refused(&folder, call);
    assert!(error.contains("`--tolerance 1`: the log loss would go from"), "{error}");
    assert!(error.contains("nothing is written"), "{error}");
    assert_eq!(folder.text("small.dcx"), "as it was");
    let error =
        refused(&folder, "quantize --model model.dcx --data train.csv --tolerance=-1 --out x.dcx");
    assert!(error.contains("expected a number of percent of at least 0"), "{error}");
}

#[test]
fn quantize_prints_one_object() {
    let folder = Folder::with_model();
    let call = "quantize --model model.dcx --data train.csv --tolerance 50% --json --out small.dcx";
    let report: serde_json::Value = serde_json::from_str(&folder.succeed(call).stdout).unwrap();
    assert_eq!((&report["form"], &report["scale_rows"]), (&"int8".into(), &100.into()));
    assert_eq!(report["before"]["rows"], 100);
    let bytes = |side: &str| report[side]["bytes"].as_u64().unwrap();
    assert_eq!(bytes("after"), folder.read("small.dcx").len() as u64);
    assert_eq!(bytes("before"), folder.read("model.dcx").len() as u64);
    assert!(
        report["log_loss_change"]["low"].as_f64() <= report["log_loss_change"]["high"].as_f64()
    );
}
