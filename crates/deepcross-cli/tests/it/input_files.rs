//! Tests of the ways in which a call can name data: compressed files, patterns, the standard input, pipes.

use crate::{CONFIG, Folder, Outcome, csv};
use std::process::Stdio;

/// Calls the program with `input` as its standard input.
fn pipe(folder: &Folder, arguments: &str, input: &[u8]) -> Outcome {
    let output = folder.program().args(arguments.split(' ')).write_stdin(input).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Outcome { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

#[track_caller]
fn succeed(folder: &Folder, arguments: &str, input: &[u8]) -> Outcome {
    let outcome = pipe(folder, arguments, input);
    assert_eq!(outcome.code, Some(0), "{arguments}\n{}", outcome.stderr);
    outcome
}

/// The bytes as gzip, in two members.
fn gzip(bytes: &[u8]) -> Vec<u8> {
    let (first, second) = bytes.split_at(bytes.len() / 2);
    [first, second]
        .map(|part| {
            let mut encoder =
                flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            std::io::Write::write_all(&mut encoder, part).unwrap();
            encoder.finish().unwrap()
        })
        .concat()
}

#[test]
fn compressed_files_and_the_standard_input_train_the_same_model() {
    let folder = Folder::with_model();
    let (plain, compressed) = (csv(200).into_bytes(), gzip(csv(200).as_bytes()));
    folder.write("train.csv.gz", &compressed);
    let train = |data| format!("train --config run.toml --data {data} --out again.dcx");
    folder.succeed(&train("train.csv.gz"));
    assert!(folder.read("again.dcx") == folder.read("model.dcx"), "the artifacts differ");
    let before = folder.names();
    for input in [&plain, &compressed] {
        std::fs::remove_file(folder.path("again.dcx")).unwrap();
        succeed(&folder, &train("-"), input);
        assert!(folder.read("again.dcx") == folder.read("model.dcx"), "the artifacts differ");
        assert_eq!(folder.names(), before);
    }
}

#[test]
fn the_standard_input_is_evaluated_and_predicted_as_the_file() {
    let folder = Folder::with_model();
    for call in ["evaluate --model model.dcx --json --data", "predict --model model.dcx --data"] {
        let expected = folder.succeed(&format!("{call} new.csv"));
        for input in [csv(20).into_bytes(), gzip(csv(20).as_bytes())] {
            let outcome = succeed(&folder, &format!("{call} -"), &input);
            assert_eq!(outcome.stdout, expected.stdout, "{call}\n{}", outcome.stderr);
        }
        // The first line shows that tabs separate the fields.
        let outcome = succeed(&folder, &format!("{call} -"), csv(20).replace(',', "\t").as_bytes());
        assert_eq!(outcome.stdout, expected.stdout, "{call}");
    }
}

#[test]
fn a_long_standard_input_is_read_once() {
    let folder = Folder::with_model();
    let rows = 70 << 20 >> 3;
    let long = format!("click,ad,tags,age\n{}", "1,a,,18\n".repeat(rows));
    let mut child = std::process::Command::new(folder.program().get_program())
        .args("predict --model model.dcx --data - --out p.csv".split(' '))
        .current_dir(folder.folder.path())
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), long.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{stderr}");
    assert!(stderr.contains("wrote 9,175,040 predictions to p.csv"), "{stderr}");
}

#[test]
fn errors_name_the_standard_input_and_leave_nothing() {
    let folder = Folder::with_model();
    let bad = format!("{}1,ad1,t1\n", csv(200));
    let cut_off = gzip(csv(200).as_bytes());
    let cases: [(&[u8], &str); 4] = [
        (bad.as_bytes(), "standard input, line 202 (`1,ad1,t1`): has 3 fields, expected 4"),
        (b"", "standard input: is empty, expected a header row"),
        (b"ad,tags,age\n", "standard input: has no column `click` for the label"),
        (
            &cut_off[..cut_off.len() - 9],
            "standard input, line 202: cannot be read from here on, since the gzip data are cut off: the file is \
             not complete",
        ),
    ];
    let before = folder.names();
    for (input, message) in cases {
        for call in [
            "train --config run.toml --data - --out again.dcx",
            "evaluate --model model.dcx --data -",
        ] {
            let outcome = pipe(&folder, call, input);
            let error = outcome.stderr.rsplit_once("error: ").map_or("", |(_, error)| error);
            assert_eq!((error.trim_end(), outcome.code), (message, Some(1)), "{call}");
            assert_eq!(folder.names(), before, "{call}");
        }
    }
}

#[test]
fn the_standard_input_can_be_named_once() {
    let folder = Folder::with_model();
    let message = "`-`: the standard input can be named once, but the call names it twice";
    for call in [
        "train --config run.toml --data - --valid - --out again.dcx",
        "evaluate --model model.dcx --data - train.csv -",
        "predict --model model.dcx --data - -",
    ] {
        folder.fail(call, 2, message);
    }
}

#[cfg(unix)]
#[test]
fn a_named_pipe_is_read_as_a_file() {
    let folder = Folder::with_model();
    let pipe = folder.path("pipe");
    if !std::process::Command::new("mkfifo").arg(&pipe).status().is_ok_and(|made| made.success()) {
        println!("skipped: this system has no mkfifo");
        return;
    }
    let writer = std::thread::spawn(move || std::fs::write(pipe, csv(200)));
    folder.succeed("train --config run.toml --data pipe --out again.dcx");
    writer.join().unwrap().unwrap();
    assert!(folder.read("again.dcx") == folder.read("model.dcx"), "the artifacts differ");
}

#[test]
fn patterns_that_the_shell_left_are_expanded() {
    let folder = Folder::with_data();
    let text = csv(200);
    let (header, rows) = text.split_once('\n').unwrap();
    let middle = rows.match_indices('\n').nth(79).unwrap().0 + 1;
    std::fs::create_dir(folder.path("logs")).unwrap();
    folder.write("logs/2.csv", format!("{header}\n{}", &rows[middle..]));
    folder.write("logs/1.csv", format!("{header}\n{}", &rows[..middle]));
    folder.succeed("train --config run.toml --data train.csv --out whole.dcx");
    folder.succeed("train --config run.toml --data logs/*.csv --out parts.dcx");
    assert!(folder.read("whole.dcx") == folder.read("parts.dcx"), "the artifacts differ");
    let whole = folder.succeed("predict --model whole.dcx --data train.csv").stdout;
    let parts = folder.succeed("predict --model whole.dcx --data logs/[12].csv").stdout;
    assert_eq!(whole, parts);

    folder.write("[12].csv", csv(20));
    let own = folder.succeed("predict --model whole.dcx --data [12].csv").stdout;
    assert_eq!(own.lines().count(), 21, "a file with exactly this name wins over the pattern");
    let message = "`logs/*.tsv`: no file matches this pattern";
    folder.fail("train --config run.toml --data logs/*.tsv --out new.dcx", 1, message);
    folder.fail("predict --model whole.dcx --data train.csv logs/*.tsv", 1, message);
    let output = "train --config run.toml --data *.csv --out train.csv";
    folder.fail(
        output,
        2,
        "train.csv: cannot be written there, since the call names it twice, also as train.csv",
    );
}

#[test]
fn the_format_can_be_given_for_files_whose_names_do_not_show_it() {
    let folder = Folder::with_model();
    folder.write("log", csv(20));
    folder.write("log.old", csv(20).replace(',', "\t"));
    for call in ["evaluate --model model.dcx --json --data", "predict --model model.dcx --data"] {
        let expected = folder.succeed(&format!("{call} new.csv")).stdout;
        for (file, format) in [("log", "csv"), ("log.old", "tsv"), ("new.csv", "csv")] {
            let outcome = folder.succeed(&format!("{call} {file} --format {format}"));
            assert_eq!(outcome.stdout, expected, "{call} {file}");
        }
        let message = "`log`: the name does not show the format, expected a name that ends in \
                       .csv, .tsv, .svm, .libsvm, .ffm, .libffm, .jsonl, .ndjson or .parquet, or `format` to be set";
        folder.fail(&format!("{call} log"), 1, message);
    }
}

#[test]
fn click_logs_of_criteo_need_no_columns_and_no_label() {
    let folder = Folder::new();
    let config = CONFIG
        .replace("label = \"click\"", "format = \"criteo\"")
        .replace("\"ad\"", "\"C1\"")
        .replace("\"tags\"", "\"C2\"")
        .replace("\"age\"", "\"I1\"");
    folder.write("run.toml", config);
    let unlabelled = |i: usize| {
        format!("{}\t{}c{}\td{}{}\n", i % 40, "\t".repeat(12), i % 7, i % 5, "\t".repeat(24))
    };
    let rows: String =
        (0..200).map(|i| format!("{}\t{}", usize::from(i % 3 == 0), unlabelled(i))).collect();
    folder.write("day_0", rows);
    folder.write("test", (0..200).map(unlabelled).collect::<String>());
    folder.succeed("train --config run.toml --data day_0 --out model.dcx");
    let labelled = folder.succeed("predict --model model.dcx --data day_0").stdout;
    let unlabelled = folder.succeed("predict --model model.dcx --data test").stdout;
    assert_eq!(labelled, unlabelled);
    let report = folder.succeed("evaluate --model model.dcx --data day_0").stdout;
    assert!(report.starts_with("200 rows, 67 positive\n"), "{report}");
    let start = format!("0{}c0\\td0{}…", "\\t".repeat(13), "\\t".repeat(20));
    let message = format!("`test`, line 1 (`{start}`): has 39 fields, expected 40");
    folder.fail("evaluate --model model.dcx --data test", 1, &message);
}
