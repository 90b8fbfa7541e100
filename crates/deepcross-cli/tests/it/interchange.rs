//! Tests of `export` and `import`: weights that come back, graphs that give the same probabilities elsewhere, and files
//! that are refused.

use crate::{Folder, csv};
use std::path::Path;
use std::process::Command;

/// Fields of every form: ids and lists, embedded or stacked raw, with weights and without, numbers, and crosses with
/// their counts.
const CONFIG: &str = r#"[data]
label = "click"

[[field]]
name = "ad"
kind = "categorical"

[[field]]
name = "raw ad"
column = "ad"
kind = "categorical"
top = 3

[[field]]
name = "tags"
kind = "multi-hot"
separator = "|"
pooling = "mean"

[[field]]
name = "letters"
column = "tags"
kind = "text"
buckets = 40

[[field]]
name = "age"
kind = "number"
missing = "indicator"

[[field]]
name = "age bins"
column = "age"
kind = "number"
encoding = "piecewise-linear"
bins = 4
missing = "indicator"

[[field]]
name = "age vector"
column = "age"
kind = "vector"

[[field]]
name = "ad and age"
kind = "cross"
columns = ["ad", "age"]
min_count = 3
counts = true
smoothing = [1, 10]

[[field]]
name = "all"
kind = "cross"
columns = ["ad", "tags", "age"]
buckets = 8
counts = true

[train]
epochs = 8
batch = 32
learning_rate = 0.01
valid_fraction = 0
"#;

/// Models of each kind, and of each kind of layer, by their keys of `[model]`, and one of several members.
const MODELS: [(&str, &str); 14] = [
    ("deep", "embedding=4 hidden=[8,6] bypass_below=10"),
    ("normed", "embedding=4 hidden=[8,6] bypass_below=10 batch_norm=true"),
    (
        "one-layer",
        "embedding=4 bypass_below=10 unit=one-layer depth=2 activation=tanh outer_activation=sigmoid batch_norm=true",
    ),
    (
        "plain",
        "kind=deep-crossing-plain embedding=4 hidden=[8,6] bypass_below=10 outer_activation=tanh",
    ),
    ("plain-normed", "kind=deep-crossing-plain embedding=4 hidden=[8,6] batch_norm=true"),
    ("mlp", "kind=mlp embedding=4 hidden=[8,6] bypass_below=10 embed_numbers=true activation=tanh"),
    ("mlp-normed", "kind=mlp embedding=4 hidden=[8,6] bypass_below=10 batch_norm=true"),
    ("dcn", "kind=dcn-v2 embedding=4 hidden=[8,6] bypass_below=10 cross_layers=2"),
    (
        "dcn-parallel",
        "kind=dcn-v2 embedding=4 hidden=[8] rank=2 structure=parallel activation=tanh",
    ),
    ("deepfm", "kind=deepfm embedding=4 hidden=[8,6]"),
    ("lr", "kind=lr"),
    ("fm", "kind=fm embedding=4"),
    ("ffm", "kind=ffm embedding=4"),
    ("members", "embedding=4 hidden=[8,6] bypass_below=10 batch_norm=true train.members=3"),
];

/// Rows with values that training has not seen, empty lists, and missing numbers.
fn new_rows() -> String {
    let mut rows = csv(60);
    rows += "0,nobody,t1|t2|t3|zebra,19\n1,,,\n0,ad3,,200\n1,ad1,t0,\n";
    rows
}

fn folder() -> Folder {
    let folder = Folder::with_data();
    folder.write("run.toml", CONFIG);
    folder.write("new.csv", new_rows());
    folder
}

/// Trains one of [`MODELS`] as `NAME.dcx`.
fn train(folder: &Folder, model: (&str, &str), rest: &str) {
    let name = model.0;
    let set = set(model);
    folder
        .succeed(&format!("train --config run.toml --data train.csv --out {name}.dcx{set}{rest}"));
}

fn set((_, keys): (&str, &str)) -> String {
    let section = |key: &str| if key.starts_with("train.") { "" } else { "model." };
    keys.split(' ').map(|key| format!(" --set {}{key}", section(key))).collect()
}

fn probabilities(folder: &Folder, model: &str) -> String {
    folder.succeed(&format!("predict --model {model} --data new.csv")).stdout
}

#[test]
fn exported_weights_make_the_same_model() {
    let folder = folder();
    for model in MODELS {
        let name = model.0;
        train(&folder, model, "");
        let export = "--format safetensors --out weights.safetensors";
        folder.succeed(&format!("export --model {name}.dcx {export}"));
        let bytes = folder.read("weights.safetensors");
        // Another model with the same layers, whose weights are then replaced.
        train(&folder, model, " --seed 7");
        let other = probabilities(&folder, &format!("{name}.dcx"));
        let call = format!("--model {name}.dcx --weights weights.safetensors --out imported.dcx");
        let said = folder.succeed(&format!("import {call}")).stderr;
        assert!(said.starts_with("wrote imported.dcx: "), "{said}");
        folder.succeed(&format!("export --model imported.dcx {export}"));
        assert!(folder.read("weights.safetensors") == bytes, "{name}");
        train(&folder, model, "");
        let expected = probabilities(&folder, &format!("{name}.dcx"));
        assert_eq!(probabilities(&folder, "imported.dcx"), expected, "{name}");
        assert_ne!(other, expected, "{name}");
        let shown = folder.succeed("inspect --model imported.dcx").stdout;
        assert!(shown.contains("training\n\n  unknown: the weights were imported\n"), "{shown}");
    }
}

#[test]
fn an_imported_model_can_be_trained_on_and_calibrated() {
    let folder = folder();
    train(&folder, MODELS[1], "");
    folder.succeed("export --model normed.dcx --format safetensors --out w.safetensors");
    folder.succeed("calibrate --model normed.dcx --data new.csv --method platt --out platt.dcx");
    let said = folder
        .succeed("import --model platt.dcx --weights w.safetensors --out imported.dcx")
        .stderr;
    let message = "the calibrator of platt.dcx is dropped: it was fitted to other weights\n";
    assert!(said.starts_with(message), "{said}");
    assert_eq!(probabilities(&folder, "imported.dcx"), probabilities(&folder, "normed.dcx"));
    folder.succeed("calibrate --model imported.dcx --data new.csv --method platt --out again.dcx");
    assert_eq!(probabilities(&folder, "again.dcx"), probabilities(&folder, "platt.dcx"));
    train(&folder, MODELS[1], " --init imported.dcx");
}

#[test]
fn weights_of_another_model_are_refused() {
    let folder = folder();
    for model in [MODELS[0], MODELS[1]] {
        train(&folder, model, "");
    }
    for name in ["deep", "normed"] {
        let format = format!("--format safetensors --out {name}.safetensors");
        folder.succeed(&format!("export --model {name}.dcx {format}"));
    }
    for (model, weights, problem) in [
        ("normed", "deep", "is missing, expected F32 of the shape ["),
        ("deep", "normed", "is unknown: the model has no such tensor"),
    ] {
        let outcome = folder.call(&format!(
            "import --model {model}.dcx --weights {weights}.safetensors --out o.dcx"
        ));
        assert_eq!((outcome.code, &*outcome.stdout), (Some(1), ""), "{}", outcome.stderr);
        let mut lines = outcome.stderr.lines();
        let first =
            format!("error: `{weights}.safetensors`: does not hold the weights of the model");
        assert_eq!(lines.next(), Some(&*first));
        let mut found: Vec<_> = lines.collect();
        found.sort_unstable();
        let names = ["beta", "gamma", "mean", "variance"];
        let names = ["unit0", "unit1"].map(|unit| names.map(|name| format!("{unit}.norm.{name}")));
        assert_eq!(found.len(), 8, "{found:?}");
        for (line, name) in found.iter().zip(names.as_flattened()) {
            assert!(line.starts_with(&format!("  tensor `{name}`: {problem}")), "{line}");
        }
        assert!(!folder.path("o.dcx").exists());
    }
}

#[test]
fn damaged_files_and_wrong_calls_are_refused() {
    let folder = folder();
    train(&folder, MODELS[0], "");
    folder.succeed("export --model deep.dcx --format safetensors --out w.safetensors");
    let sound = folder.read("w.safetensors");
    let import = "import --model deep.dcx --weights bad.safetensors --out o.dcx";
    let format = "`bad.safetensors`: is not a valid safetensors file: ";
    for (bytes, reason) in [
        (&sound[..sound.len() - 1], "incomplete metadata, file not fully covered"),
        (&sound[..20], "invalid header length"),
        (&b""[..], "header too small"),
        (&b"PK\x03\x04 a checkpoint of PyTorch"[..], "header too large"),
    ] {
        folder.write("bad.safetensors", bytes);
        folder.fail(import, 1, &format!("{format}{reason}"));
    }
    let mut infinite = sound.clone();
    let end = infinite.len();
    infinite[end - 4..].copy_from_slice(&f32::INFINITY.to_le_bytes());
    folder.write("bad.safetensors", infinite);
    let outcome = folder.call(import);
    assert_eq!(outcome.code, Some(1));
    assert!(outcome.stderr.contains("has inf at ["), "{}", outcome.stderr);
    let none = "import --model deep.dcx --weights none.safetensors --out o.dcx";
    folder.fail(none, 1, "`none.safetensors`: no such file");
    let same = "import --model deep.dcx --weights w.safetensors --out w.safetensors";
    let twice = "w.safetensors: cannot be written there, since the call names it twice, also as w.safetensors";
    folder.fail(same, 2, twice);
    let same =
        "export --model deep.dcx --format onnx --out m.onnx --sample new.csv --sample-out m.onnx";
    let twice = "m.onnx: cannot be written there, since the call names it twice, also as m.onnx";
    folder.fail(same, 2, twice);
    let onnx = "export --model deep.dcx --format onnx --out m.onnx";
    for call in [
        format!("{onnx} --sample new.csv"),
        format!("{onnx} --sample-out s.safetensors"),
        "export --model deep.dcx --format pt --out m.pt".to_owned(),
        "export --model deep.dcx --out m.onnx".to_owned(),
    ] {
        assert_eq!(folder.call(&call).code, Some(2), "{call}");
    }
    folder.write("empty.csv", "click,ad,tags,age\n");
    let empty = format!("{onnx} --sample empty.csv --sample-out s.safetensors");
    folder.fail(&empty, 1, "--sample: the files have no rows");
    let folder_missing = "export --model deep.dcx --format onnx --out none/m.onnx";
    folder.fail(folder_missing, 1, "none/m.onnx: the folder none does not exist");
    assert!(!folder.path("o.dcx").exists() && !folder.path("m.onnx").exists());
}

/// Checks with Python that each graph passes ONNX's checker and gives our probabilities to 1e-6.
///
/// Needs `DEEPCROSS_PYTHON`, an interpreter that has onnx, onnxruntime and safetensors (`onnx_requirements.txt`).
#[test]
fn graphs_give_the_same_probabilities_elsewhere() {
    let folder = folder();
    let mut names = Vec::new();
    for model in MODELS {
        train(&folder, model, "");
        names.push(model.0.to_owned());
    }
    for method in ["temperature", "platt", "isotonic"] {
        folder.succeed(&format!(
            "calibrate --model deep.dcx --data new.csv --method {method} --out {method}.dcx"
        ));
        names.push(method.to_owned());
    }
    // All weights are 0, so the isotonic map has one breakpoint.
    train(
        &folder,
        ("flat", "kind=lr"),
        " --set train.optimizer=ftrl --set train.l1=1e9 --set train.batch=1",
    );
    folder
        .succeed("calibrate --model flat.dcx --data new.csv --method isotonic --out constant.dcx");
    names.push("constant".to_owned());
    for name in &names {
        let sample = format!("--sample new.csv --sample-out {name}.sample");
        folder.succeed(&format!(
            "export --model {name}.dcx --format onnx --out {name}.onnx {sample}"
        ));
        let first = folder.read(&format!("{name}.onnx"));
        folder.succeed(&format!("export --model {name}.dcx --format onnx --out again.onnx"));
        assert!(folder.read("again.onnx") == first, "{name}");
        let weights = format!("--format safetensors --out {name}.weights");
        folder.succeed(&format!("export --model {name}.dcx {weights}"));
        let said = probabilities(&folder, &format!("{name}.dcx"));
        let rows = said.lines().count() - 1;
        folder.write(&format!("{name}.txt"), said.lines().skip(1).collect::<Vec<_>>().join("\n"));
        assert_eq!(rows, 64);
    }
    let Some(python) = std::env::var_os("DEEPCROSS_PYTHON") else {
        println!("skipped: DEEPCROSS_PYTHON names no Python with onnxruntime");
        return;
    };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/onnx_check.py");
    let output = Command::new(python)
        .arg(script)
        .args(&names)
        .current_dir(folder.path(""))
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    println!("{}", text(&output.stdout));
    assert!(output.status.success(), "{}\n{}", text(&output.stdout), text(&output.stderr));
}
