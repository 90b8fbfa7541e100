//! Parquet through the program.

use crate::Folder;
use arrow_array::builder::{ListBuilder, StringBuilder};
use arrow_array::{ArrayRef, BooleanArray, Int64Array, RecordBatch, StringArray};
use deepcross_data::Input;
use deepcross_train::{Files, RunConfig, RunOptions, train};
use parquet::arrow::ArrowWriter;
use std::sync::Arc;

/// The rows of [`csv`](crate::csv) in memory, with typed columns.
fn batch(n: usize) -> RecordBatch {
    let mut tags = ListBuilder::new(StringBuilder::new());
    (0..n)
        .for_each(|i| tags.append_value([format!("t{}", i % 4), format!("t{}", i % 5)].map(Some)));
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("click", Arc::new((0..n).map(|i| Some(i % 3 == 0)).collect::<BooleanArray>())),
        ("ad", Arc::new((0..n).map(|i| Some(format!("ad{}", i % 7))).collect::<StringArray>())),
        ("tags", Arc::new(tags.finish())),
        ("age", Arc::new((0..n).map(|i| Some((18 + i * 5 % 60) as i64)).collect::<Int64Array>())),
    ];
    RecordBatch::try_from_iter(columns).unwrap()
}

/// The same rows as Parquet.
fn parquet(n: usize) -> Vec<u8> {
    let batch = batch(n);
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.into_inner().unwrap()
}

#[test]
fn the_same_rows_as_parquet_and_csv_give_the_same_model_and_predictions() {
    let folder = Folder::with_model();
    folder.write("train.parquet", parquet(200));
    folder.write("new.parquet", parquet(20));
    for threads in 1..=3 {
        let out = format!("--out again.dcx --threads {threads}");
        folder.succeed(&format!("train --config run.toml --data train.parquet {out}"));
        assert!(folder.read("again.dcx") == folder.read("model.dcx"), "the artifacts differ");
    }
    for call in ["evaluate --model model.dcx --json --data", "predict --model model.dcx --data"] {
        let expected = folder.succeed(&format!("{call} new.csv")).stdout;
        assert_eq!(folder.succeed(&format!("{call} new.parquet")).stdout, expected);
        let mut program = folder.program();
        let output =
            program.args(call.split(' ')).arg("-").write_stdin(parquet(20)).output().unwrap();
        assert_eq!(String::from_utf8(output.stdout).unwrap(), expected, "{call}");
    }
    folder.write("log", parquet(20));
    let predicted = folder.succeed("predict --model model.dcx --data log --format parquet").stdout;
    assert_eq!(predicted, folder.succeed("predict --model model.dcx --data new.csv").stdout);
}

#[test]
fn batches_in_memory_give_the_model_of_the_program() {
    let folder = Folder::with_model();
    let config = RunConfig::parse(&folder.text("run.toml"), &[], "run.toml").unwrap();
    let rows = batch(200);
    for (cut, threads) in [(200, 1), (77, 2)] {
        let batches = [rows.slice(0, cut), rows.slice(cut, 200 - cut)];
        let files = Files::new(Input::from_batches(&batches).unwrap());
        let model = train(&config, &files, RunOptions::on_threads(threads), &mut |_| ()).unwrap();
        model.save(&folder.path("memory.dcx")).unwrap();
        assert!(folder.read("memory.dcx") == folder.read("model.dcx"), "the artifacts differ");
    }
}

#[test]
fn an_inferred_configuration_can_be_trained_with() {
    let folder = Folder::new();
    folder.write("train.parquet", parquet(200));
    folder.succeed("infer-config --data train.parquet --label click --out run.toml");
    folder.succeed(
        "train --config run.toml --data train.parquet --out model.dcx --set train.epochs=1",
    );
    let shown = folder.succeed("describe --data train.parquet --label click").stdout;
    assert!(shown.contains("tags"), "{shown}");
}

#[test]
fn damage_is_an_error_and_leaves_nothing() {
    let folder = Folder::with_model();
    let sound = parquet(200);
    folder.write("cut.parquet", &sound[..sound.len() - 40]);
    let outcome = folder.call("predict --model model.dcx --data cut.parquet --out p.csv");
    assert_eq!(outcome.code, Some(1));
    let message = "error: `cut.parquet`: cannot be read as Parquet: ";
    assert!(outcome.stderr.starts_with(message), "{}", outcome.stderr);
    assert!(!folder.names().contains(&"p.csv".to_owned()));
}
