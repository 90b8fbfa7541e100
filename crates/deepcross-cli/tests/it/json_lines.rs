//! JSON Lines through the program.

use crate::Folder;
use std::fmt::Write;

/// A folder as [`Folder::with_data`], and the rows of `train.csv` as objects of arrays, strings and numbers: keys stand in
/// another order in every other row, and a missing value has no key.
fn with_lines() -> Folder {
    let folder = Folder::with_data();
    let mut text = String::new();
    for line in folder.text("train.csv").lines().skip(1) {
        let fields: Vec<_> = line.split(',').collect();
        let [click, ad, tags, age] = fields[..] else { panic!("{line}") };
        let tags: Vec<_> = tags.split('|').map(|tag| format!("\"{tag}\"")).collect();
        let tags = tags.join(", ");
        // Writing to a string does not fail.
        match click {
            "1" => writeln!(text, r#"{{"click":1,"ad":"{ad}","tags":[{tags}],"age":{age}}}"#),
            _ => writeln!(text, r#"{{ "age" : "{age}", "tags":[{tags}],"click":"0","ad":"{ad}"}}"#),
        }
        .unwrap();
    }
    folder.write("train.jsonl", text);
    folder
}

#[test]
fn the_same_rows_as_json_lines_and_csv_give_the_same_model_and_predictions() {
    let folder = with_lines();
    folder.succeed("convert --data train.jsonl --out train.ndjson.gz");
    let mut artifacts = Vec::new();
    for (data, threads) in
        [("train.csv", 1), ("train.jsonl", 1), ("train.jsonl", 3), ("train.ndjson.gz", 2)]
    {
        let out = format!("--out model.dcx --threads {threads}");
        folder.succeed(&format!("train --config run.toml --data {data} {out}"));
        artifacts.push(folder.read("model.dcx"));
    }
    assert!(artifacts.iter().all(|artifact| *artifact == artifacts[0]), "the artifacts differ");
    let expected = folder.succeed("predict --model model.dcx --data train.csv").stdout;
    for data in ["train.jsonl", "train.ndjson.gz", "train.json?"] {
        let found = folder.succeed(&format!("predict --model model.dcx --data {data}")).stdout;
        assert_eq!(found, expected, "{data}");
    }
    let mut program = folder.program();
    let from_pipe = program.args(["predict", "--model", "model.dcx", "--data", "-"]);
    let output = from_pipe.write_stdin(folder.read("train.jsonl")).output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), expected);
}

#[test]
fn json_lines_are_recognised_described_and_inferred() {
    let folder = with_lines();
    folder.write("log", folder.read("train.jsonl"));
    folder.succeed("infer-config --data log --label click --out log.toml");
    let text = folder.text("log.toml");
    assert!(text.contains("format = \"jsonl\""), "{text}");
    assert!(text.contains("name = \"tags\"\nkind = \"multi-hot\""), "{text}");
    let set = "--set train.epochs=1 --out model.dcx";
    folder.succeed(&format!("train --config log.toml --data log {set}"));
    let shown = folder.succeed("describe --data log --label click").stdout;
    assert!(shown.contains("tags"), "{shown}");
}

#[test]
fn rows_are_split_unchanged() {
    let folder = with_lines();
    folder.succeed("split --data train.jsonl --by order --test 0.25 --out-dir parts");
    let parts = [folder.text("parts/train.jsonl"), folder.text("parts/test.jsonl")];
    assert_eq!(parts.concat(), folder.text("train.jsonl"));
}

#[test]
fn a_bad_line_is_named() {
    let folder = with_lines();
    folder.write("bad.jsonl", "{\"click\":1,\"ad\":\"a\",\"tags\":[],\"age\":1}\n{\"click\":1,\n");
    let message = "`bad.jsonl`, line 2 (`{\"click\":1,`): is not JSON: EOF while parsing an object at byte 11";
    folder.fail("train --config run.toml --data bad.jsonl --out model.dcx", 1, message);
}
