//! Tests of the names of outputs: they say format and compression, `-` is the standard output, and devices work.

use crate::{Folder, csv};

/// The bytes that a call writes to the standard output.
#[track_caller]
fn printed(folder: &Folder, arguments: &str) -> Vec<u8> {
    let output = folder.program().args(arguments.split(' ')).output().unwrap();
    assert!(output.status.success(), "{arguments}\n{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// The first bytes of files, by the end of their names.
const MAGIC: [(&str, &[u8]); 3] =
    [("gz", b"\x1f\x8b"), ("zst", b"\x28\xb5\x2f\xfd"), ("parquet", b"PAR1")];

#[track_caller]
fn check_magic(folder: &Folder, name: &str) {
    let (bytes, end) = (folder.read(name), name.rsplit('.').next().unwrap_or_default());
    for (other, magic) in MAGIC {
        let is_expected = end.eq_ignore_ascii_case(other);
        assert_eq!(bytes.starts_with(magic), is_expected, "{name}, {other}");
    }
}

#[test]
fn predictions_and_simulated_rows_have_the_form_of_their_name() {
    let folder = Folder::with_model();
    let simulate = "simulate --rows 50 --out";
    folder.succeed(&format!("{simulate} s.tsv --truth t.tsv"));
    let [rows, truth] = ["s.tsv", "t.tsv"].map(|name| {
        String::from_utf8(printed(&folder, &format!("convert --data {name} --to csv"))).unwrap()
    });
    let predictions = folder.succeed("predict --model model.dcx --data new.csv").stdout;
    for end in ["csv", "csv.gz", "CSV.ZST", "tsv", "jsonl", "ndjson.gz", "parquet"] {
        let said =
            folder.succeed(&format!("predict --model model.dcx --data new.csv --out p.{end}"));
        assert!(
            said.stderr.contains(&format!("wrote 20 predictions to p.{end}\n")),
            "{}",
            said.stderr
        );
        folder.succeed(&format!("{simulate} s.{end} --truth t.{end}"));
        for (name, expected) in [("p", &predictions), ("s", &rows), ("t", &truth)] {
            let name = format!("{name}.{end}");
            check_magic(&folder, &name);
            let found = printed(&folder, &format!("convert --data {name} --to csv"));
            assert_eq!(String::from_utf8(found).unwrap(), **expected, "{name}");
        }
    }
    // A name without an end, and one that says "text", have the usual format.
    for name in ["p", "p.txt", "p.gz"] {
        folder.succeed(&format!("predict --model model.dcx --data new.csv --out {name}"));
        check_magic(&folder, name);
    }
    assert_eq!((folder.text("p"), folder.text("p.txt")), (predictions.clone(), predictions));
    let to = "predict --model model.dcx --data new.csv --to jsonl --out p.json";
    folder.succeed(to);
    assert!(folder.text("p.json").starts_with("{\"probability\":0."));
    for call in ["predict --model model.dcx --data new.csv", "convert --data new.csv"] {
        let message = "`--out x.csv.gz`: the name shows the format csv, but `--to` is jsonl; change one of the two";
        folder.fail(&format!("{call} --to jsonl --out x.csv.gz"), 2, message);
        folder.succeed(&format!("{call} --to csv --out x.CSV"));
    }
}

#[test]
fn a_name_that_shows_another_form_is_refused_with_the_possible_ones() {
    let folder = Folder::with_model();
    let rows = "the name does not show a format of these rows, expected a name that ends in .csv, .tsv, .jsonl, .ndjson, each optionally followed by .gz or .zst, or .parquet";
    let not_written =
        "is not written, expected a name that ends in .gz or .zst, or without a compression";
    let other = "the name shows another format than that of";
    let predict = "predict --model model.dcx --data new.csv --out";
    let train = "train --config run.toml --data train.csv --out";
    let calibrate =
        "calibrate --model model.dcx --data train.csv --method platt --out c.dcx --report";
    let export = "export --model model.dcx --format onnx --out";
    let cases = [
        (format!("{predict} p.json"), format!("p.json: {rows}")),
        (format!("{predict} p.csv.bz2"), format!("p.csv.bz2: `.bz2` {not_written}")),
        (format!("{predict} p.zip"), format!("p.zip: `.zip` {not_written}")),
        ("simulate --rows 9 --out s.json".to_owned(), format!("s.json: {rows}")),
        (
            "simulate --rows 9 --out s.tsv --truth t.json.gz".to_owned(),
            format!("t.json.gz: {rows}"),
        ),
        (
            "convert --data new.csv --out new.csv.xz --to csv".to_owned(),
            format!("new.csv.xz: `.xz` {not_written}"),
        ),
        (
            format!("{train} m.dcx.gz"),
            "m.dcx.gz: a model is not compressed, expected a name that ends in .dcx".to_owned(),
        ),
        (
            format!("{train} m.onnx"),
            format!("m.onnx: {other} a model, expected a name that ends in .dcx"),
        ),
        (
            format!("{train} m.dcx --cache m.csv"),
            format!("m.csv: {other} a cache, expected a name that ends in .dcc"),
        ),
        (
            format!("{train} m.dcx --report m.pdf"),
            format!("m.pdf: {other} a page, expected a name that ends in .html or .htm"),
        ),
        (
            format!("{calibrate} c.html.gz"),
            "c.html.gz: a page is not compressed, expected a name that ends in .html or .htm"
                .to_owned(),
        ),
        (
            "infer-config --data train.csv --label click --out run.json".to_owned(),
            format!("run.json: {other} a configuration, expected a name that ends in .toml"),
        ),
        (
            format!("{export} m.safetensors"),
            format!("m.safetensors: {other} an ONNX graph, expected a name that ends in .onnx"),
        ),
        (
            "encode --config run.toml --data train.csv --out rows.parquet".to_owned(),
            format!("rows.parquet: {other} a cache, expected a name that ends in .dcc"),
        ),
    ];
    for (call, message) in cases {
        folder.fail(&call, 2, &message);
    }
}

#[test]
fn a_dash_is_the_standard_output() {
    let folder = Folder::with_model();
    let calls = [
        ("predict --model model.dcx --data new.csv", "csv"),
        ("convert --data new.csv --to tsv", "tsv"),
        ("convert --data new.csv --to parquet", "parquet"),
        ("simulate --rows 9", "tsv"),
        ("infer-config --data train.csv --label click", "toml"),
        ("export --model model.dcx --format onnx", "onnx"),
        ("export --model model.dcx --format safetensors", "safetensors"),
        ("train --config run.toml --data train.csv", "dcx"),
        ("import --model model.dcx --weights w.safetensors", "dcx"),
    ];
    folder.succeed("export --model model.dcx --format safetensors --out w.safetensors");
    for (call, end) in calls {
        folder.succeed(&format!("{call} --out out.{end}"));
        let (expected, before) = (folder.read(&format!("out.{end}")), folder.names());
        let names = if cfg!(target_os = "linux") { &["-", "/dev/stdout"][..] } else { &["-"] };
        for name in names {
            let found = printed(&folder, &format!("{call} --out {name}"));
            assert!(found == expected, "{call} --out {name}: other bytes");
            assert_eq!(folder.names(), before, "{call}");
        }
    }
    // The standard input and the standard output have the same name.
    let mut piped = folder.program();
    piped.args("convert --data - --format csv --to csv --out -".split(' ')).write_stdin(csv(3));
    assert_eq!(piped.output().unwrap().stdout, csv(3).into_bytes());
}

#[test]
fn the_standard_output_takes_one_output_and_is_not_a_folder() {
    let folder = Folder::with_model();
    let twice = "cannot be written there, since the call names it twice, also as";
    let printed =
        "`-`: the standard output takes the results that the command prints, expected another name";
    let cases = [
        ("simulate --rows 9 --out - --truth /dev/stdout", format!("/dev/stdout: {twice} -")),
        ("train --config run.toml --data train.csv --out - --report -", format!("-: {twice} -")),
        ("calibrate --model model.dcx --data train.csv --method platt --out -", printed.to_owned()),
        ("evaluate --model model.dcx --data train.csv --report -", printed.to_owned()),
        (
            "split --data train.csv --by order --out-dir -",
            "`--out-dir -`: is the standard output, expected a folder".to_owned(),
        ),
        (
            "encode --config run.toml --data train.csv --out -",
            "`--out -`: is the standard output, expected a file".to_owned(),
        ),
        (
            "train --config run.toml --data train.csv --out m.dcx --cache -",
            "`--cache -`: is the standard output, expected a file".to_owned(),
        ),
        (
            "train --config run.toml --data train.csv --out - --resume",
            "`--resume`: `--out -` has no checkpoint, expected the name of a file".to_owned(),
        ),
    ];
    for (call, message) in cases {
        folder.fail(call, 2, &message);
    }
}

#[cfg(unix)]
#[test]
fn devices_and_pipes_take_outputs() {
    use std::os::unix::fs::FileTypeExt;
    let folder = Folder::with_model();
    for call in [
        "predict --model model.dcx --data new.csv --out /dev/null",
        "convert --data new.csv --to parquet --out /dev/null",
        "simulate --rows 9 --out /dev/null --truth /dev/null",
        "train --config run.toml --data train.csv --out /dev/null",
        "export --model model.dcx --format onnx --out /dev/null",
        "infer-config --data train.csv --label click --out /dev/null",
        "evaluate --model model.dcx --data new.csv --report /dev/null",
    ] {
        let before = folder.names();
        folder.succeed(call);
        assert_eq!(folder.names(), before, "{call}");
        assert!(std::fs::metadata("/dev/null").unwrap().file_type().is_char_device());
    }
    let pipe = folder.path("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    for call in [
        "predict --model model.dcx --data new.csv",
        "convert --data new.csv --to csv",
        "export --model model.dcx --format safetensors",
    ] {
        let expected = printed(&folder, &format!("{call} --out -"));
        let reader = std::thread::spawn({
            let pipe = pipe.clone();
            move || std::fs::read(pipe).unwrap()
        });
        folder.succeed(&format!("{call} --out pipe"));
        assert!(reader.join().unwrap() == expected, "{call}");
        assert!(std::fs::metadata(&pipe).unwrap().file_type().is_fifo());
    }
    for (call, message) in [
        (
            "encode --config run.toml --data train.csv --out /dev/null",
            "`--out /dev/null`: is a pipe or a device, expected a file",
        ),
        (
            "train --config run.toml --data train.csv --out m.dcx --cache pipe",
            "`--cache pipe`: is a pipe or a device, expected a file",
        ),
        (
            "compare --config run.toml --data train.csv --out pipe",
            "`--out pipe`: is a pipe or a device, expected a folder",
        ),
    ] {
        folder.fail(call, 2, message);
    }
    if cfg!(target_os = "linux") {
        let call = "predict --model model.dcx --data new.csv --out /dev/full";
        folder.fail(call, 1, "/dev/full: cannot be written: No space left on device (os error 28)");
    }
}
