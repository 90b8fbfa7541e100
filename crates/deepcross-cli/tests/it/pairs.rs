//! Rows of a label and pairs, libsvm and libffm, through the program.

use crate::Folder;
use std::fmt::Write;

const MODEL: &str =
    "\n[model]\nembedding = 4\nbypass_below = 0\nhidden = [8]\n\n[train]\nepochs = 1\nbatch = 32\n";

/// A configuration with a weighted list for each of these columns.
fn config(columns: &[&str]) -> String {
    let mut text = String::from("[data]\nlabel = \"label\"\n");
    for column in columns {
        // Writing to a string does not fail.
        writeln!(
            text,
            "\n[[field]]\nname = \"{column}\"\nkind = \"multi-hot\"\nseparator = \" \"\nweights = true"
        )
        .unwrap();
    }
    text + MODEL
}

/// A folder with the same rows as libffm and as CSV.
fn with_rows() -> Folder {
    let folder = Folder::new();
    let (mut ffm, mut csv) = (String::new(), String::from("label,0,4\n"));
    for i in 0..200_u32 {
        let (label, a, b) = (u32::from(i % 3 == 0), i % 17, i % 5);
        writeln!(ffm, "{label} 4:{b}:0.5 0:{a}:1 4:9:2 # {i}").unwrap();
        writeln!(csv, "{label},{a}:1,{b}:0.5 9:2").unwrap();
    }
    folder.write("rows.ffm.gz", gzip(ffm.as_bytes()));
    folder.write("rows.ffm", ffm);
    folder.write("rows.csv", csv);
    folder.write("run.toml", config(&["0", "4"]));
    folder
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut encoder, bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn labels_with_weights_are_refused_alike_and_queries_group_rows() {
    let folder = Folder::new();
    let row = |i: u32| format!("{}:1 {}:0.5", 1 + i % 9, 11 + i % 5);
    let rows = |first: &dyn Fn(u32) -> String| -> String {
        (0..60).map(|i| format!("{} {}\n", first(i), row(i))).collect()
    };
    folder.write("train.svm", rows(&|i| (i % 2).to_string()));
    folder.write("weight.svm", rows(&|i| format!("{}:0.5", i % 2)));
    folder.write("qid.svm", rows(&|i| format!("{} qid:{}", i % 2, i / 4)));
    folder.write("run.toml", config(&["features"]));
    folder.succeed("train --config run.toml --data train.svm --out model.dcx");
    let message = "`weight.svm`, line 1 (`0:0.5 1:1 11:0.5`): field `label` is `0:0.5`, expected a label without a weight; if all rows begin with a feature and have no label, write one in front, such as `0`";
    for command in ["predict", "evaluate"] {
        folder.fail(&format!("{command} --model model.dcx --data weight.svm"), 1, message);
    }
    let predict =
        |data: &str| folder.succeed(&format!("predict --model model.dcx --data {data}")).stdout;
    assert_eq!(predict("qid.svm"), predict("train.svm"));
    let found = folder.succeed("evaluate --model model.dcx --data qid.svm --by qid").stdout;
    assert!(found.contains("the order of rows with the same `qid`"), "{found}");
    let with = folder.succeed("predict --model model.dcx --data qid.svm --with qid").stdout;
    assert!(with.starts_with("qid,probability\n0,0."), "{with}");
}

#[test]
fn the_same_rows_as_libffm_and_csv_give_the_same_model_and_predictions() {
    let folder = with_rows();
    let mut artifacts = Vec::new();
    for (data, threads) in [("rows.csv", 1), ("rows.ffm", 1), ("rows.ffm", 3), ("rows.ffm.gz", 2)] {
        let out = format!("--out model.dcx --threads {threads}");
        folder.succeed(&format!("train --config run.toml --data {data} {out}"));
        artifacts.push(folder.read("model.dcx"));
    }
    assert!(artifacts.iter().all(|artifact| *artifact == artifacts[0]), "the artifacts differ");
    let expected = folder.succeed("predict --model model.dcx --data rows.csv").stdout;
    for data in ["rows.ffm", "rows.ffm.gz", "rows.f?m"] {
        let found = folder.succeed(&format!("predict --model model.dcx --data {data}")).stdout;
        assert_eq!(found, expected, "{data}");
    }
    let mut program = folder.program();
    let from_pipe = program.args(["predict", "--model", "model.dcx", "--data", "-"]);
    let output = from_pipe.write_stdin(folder.read("rows.ffm")).output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), expected);
    let measured = folder.succeed("evaluate --model model.dcx --data rows.csv --json").stdout;
    assert_eq!(
        folder.succeed("evaluate --model model.dcx --data rows.ffm --json").stdout,
        measured
    );
}

#[test]
fn an_inferred_configuration_can_be_trained_with() {
    let folder = with_rows();
    let line =
        |i: u32| format!("{} {}:1 {}:0.5\n", ["-1", "+1"][(i % 2) as usize], i % 7, 7 + i % 11);
    folder.write("a9a", (0..200).map(line).collect::<String>());
    for (data, name) in [("a9a", "features"), ("rows.ffm", "4")] {
        folder.succeed(&format!("infer-config --data {data} --out {name}.toml"));
        let text = folder.text(&format!("{name}.toml"));
        assert!(text.contains(&format!("name = \"{name}\"\nkind = \"multi-hot\"")), "{text}");
        let set = "--set train.epochs=1 --out model.dcx";
        folder.succeed(&format!("train --config {name}.toml --data {data} {set}"));
        let shown = folder.succeed(&format!("describe --data {data}")).stdout;
        assert!(shown.contains(name), "{shown}");
    }
}

#[test]
fn rows_are_split_unchanged() {
    let folder = with_rows();
    folder.succeed("split --data rows.ffm --by order --test 0.25 --out-dir parts");
    let parts = [folder.text("parts/train.ffm"), folder.text("parts/test.ffm")];
    assert_eq!(parts.concat(), folder.text("rows.ffm"));
}
