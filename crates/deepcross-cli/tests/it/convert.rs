//! Tests of `convert`: it writes the same rows in another format, or nothing at all.

use crate::{CONFIG, Folder, HEADER, Outcome, csv};
use std::process::Stdio;

/// Calls the program with `input` as its standard input; the output need not be text.
fn piped(folder: &Folder, arguments: &str, input: &[u8]) -> (Vec<u8>, Outcome) {
    let output = folder.program().args(arguments.split(' ')).write_stdin(input).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    let outcome = Outcome { code: output.status.code(), stdout: String::new(), stderr };
    (output.stdout, outcome)
}

#[test]
fn the_same_rows_in_any_format_give_the_same_model_and_predictions() {
    let folder = Folder::with_model();
    let model = folder.read("model.dcx");
    let expected = folder.succeed("predict --model model.dcx --data train.csv").stdout;
    let mut from = "train.csv".to_owned();
    for to in ["a.csv.gz", "b.tsv", "c.parquet", "d.TSV.zst", "f.ndjson.gz", "g.jsonl", "e.csv"] {
        let said = folder.succeed(&format!("convert --data {from} --out {to}"));
        assert_eq!(
            (said.stdout, said.stderr),
            (String::new(), format!("wrote 200 rows to {to}\n"))
        );
        folder.succeed(&format!("train --config run.toml --data {to} --out again.dcx"));
        assert!(folder.read("again.dcx") == model, "{to}: the artifacts differ");
        let found = folder.succeed(&format!("predict --model model.dcx --data {to}")).stdout;
        assert_eq!(found, expected, "{to}");
        from = to.to_owned();
    }
    assert_eq!(folder.text("e.csv"), csv(200), "through all other formats");
}

#[test]
fn several_files_and_the_standard_input_become_one_file_or_output() {
    let folder = Folder::with_data();
    folder.succeed("convert --data *.csv --out both.csv");
    let rows = |text: &str| text.lines().skip(1).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(rows(&folder.text("both.csv")), [rows(&csv(20)), rows(&csv(200))].concat());
    std::fs::remove_file(folder.path("both.csv")).unwrap();
    folder.succeed("convert --data train.csv --out train.parquet");
    folder.succeed("convert --data train.csv --out train.jsonl");
    let (parquet, lines) = (folder.read("train.parquet"), folder.read("train.jsonl"));
    let before = folder.names();
    for (arguments, input, expected) in [
        ("--data - --to tsv", csv(200).into_bytes(), csv(200).replace(',', "\t").into_bytes()),
        ("--data - --format csv --to csv --out -", csv(200).into_bytes(), csv(200).into_bytes()),
        ("--data - --to csv", parquet.clone(), csv(200).into_bytes()),
        ("--data - --to parquet", csv(200).into_bytes(), parquet.clone()),
        ("--data - --to csv", lines.clone(), csv(200).into_bytes()),
        ("--data - --to jsonl", csv(200).into_bytes(), lines),
        ("--data train.csv --to parquet --out -", Vec::new(), parquet),
    ] {
        let (found, outcome) = piped(&folder, &format!("convert {arguments}"), &input);
        assert_eq!((outcome.code, &*outcome.stderr), (Some(0), ""), "{arguments}");
        assert!(found == expected, "{arguments}");
        assert_eq!(folder.names(), before, "{arguments}");
    }
    let (_, outcome) = piped(&folder, "convert --data - --out piped.parquet", csv(200).as_bytes());
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    assert!(folder.read("piped.parquet") == folder.read("train.parquet"));
}

#[test]
fn a_long_standard_input_is_read_once_if_its_format_is_given() {
    let folder = Folder::new();
    let line = "1,ad,,18\n";
    let rows = (70 << 20) / line.len();
    let mut child = std::process::Command::new(folder.program().get_program())
        .args("convert --data - --format csv --out long.tsv.zst".split(' '))
        .current_dir(folder.folder.path())
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let long = format!("{HEADER}\n{}", line.repeat(rows));
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), long.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(stderr, "wrote 8,155,591 rows to long.tsv.zst\n");
}

#[test]
fn labels_and_pairs_come_back_unchanged() {
    let folder = Folder::new();
    let (svm, ffm) = ("+1 3:0.5 7:1\n-1 7:0.25\n0\n", "1 0:12:1 2:7:0.5 2:8:1\n0 2:7:1\n");
    for (name, content) in [("a.svm", svm), ("a.ffm", ffm)] {
        folder.write(name, content);
        for through in ["b.csv", "b.parquet", "b.tsv.gz"] {
            folder.succeed(&format!("convert --data {name} --out {through}"));
            folder.succeed(&format!("convert --data {through} --out again-{name}"));
            assert_eq!(folder.text(&format!("again-{name}")), content, "{name} {through}");
        }
    }
    folder.succeed("convert --data a.ffm --out b.csv");
    assert_eq!(folder.text("b.csv"), "label,0,2\n1,12:1,7:0.5 8:1\n0,,7:1\n");
}

#[test]
fn a_model_or_a_configuration_converts_any_columns_to_numbers() {
    let folder = Folder::with_data();
    let all = "--set train.valid_fraction=0";
    folder.succeed(&format!("train --config run.toml --data train.csv --out model.dcx {all}"));
    let first = "click,ad,tags,age\n1,ad0,t0|t9,18\n0,,,\n";
    folder.write("first.csv", first);
    let said = folder.succeed("convert --data first.csv --model model.dcx --out by-model.ffm");
    assert!(said.stderr.starts_with("unusual values\n"), "{}", said.stderr);
    assert!(said.stderr.ends_with("wrote 2 rows to by-model.ffm\n"), "{}", said.stderr);
    // There are ten ids of `ad` from 0, eight of `tags` from 10, and `age`. The first ids are missing, unseen and rare; the
    // others are ordered by how many training rows have them.
    let ffm = folder.text("by-model.ffm");
    let mut lines = ffm.lines();
    assert_eq!(lines.next(), Some("1 0:3:1 1:13:1 1:11:1 2:18:0"));
    let missing = lines.next().unwrap();
    assert!(missing.starts_with("0 0:0:1 1:10:1 2:18:0."), "{missing}");

    for threads in 1..=3 {
        let flags = format!("--config run.toml --threads {threads}");
        folder.succeed(&format!("convert --data train.csv {flags} --out train.ffm"));
        folder.succeed(&format!("convert --data train.csv {flags} --out train.svm.gz"));
        let [ffm, svm] = ["train.ffm", "train.svm.gz"].map(|data| {
            let config = if data == "train.ffm" { "ffm.toml" } else { "svm.toml" };
            folder.write("ffm.toml", lists(&["0", "1", "2"]));
            folder.write("svm.toml", lists(&["features"]));
            folder.succeed(&format!("train --config {config} --data {data} --out pairs.dcx"));
            folder.succeed(&format!("predict --model pairs.dcx --data {data}")).stdout
        });
        assert_eq!((ffm.lines().count(), svm.lines().count()), (201, 201));
    }
    let (by_config, outcome) =
        piped(&folder, "convert --data - --config run.toml --to libffm", csv(200).as_bytes());
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    assert_eq!(String::from_utf8(by_config).unwrap(), folder.text("train.ffm"));
}

#[test]
fn each_field_has_its_range_of_features() {
    let folder = Folder::new();
    folder.write("run.toml", CONFIG);
    folder.write("clicks.csv", format!("{HEADER}\n1,shoes,a|b,31\n0,hats,,43\n0,shoes,b,27\n"));
    let ffm = "1 0:3:1 1:9:1 1:8:1 2:10:0.25\n0 0:4:1 1:5:1 2:10:1\n0 0:3:1 1:8:1 2:10:0\n";
    let svm = "1 4:1 9:1 10:1 11:0.25\n0 5:1 6:1 11:1\n0 4:1 9:1\n";
    for (to, expected) in [("libffm", ffm), ("libsvm", svm)] {
        let call = format!("convert --data clicks.csv --config run.toml --to {to}");
        assert_eq!(folder.succeed(&call).stdout, expected, "{to}");
    }
}

/// By a configuration, rows have the counts of training rows: here those of the rows before them. By a model, they have
/// those of all its training rows.
#[test]
fn a_cross_and_its_counts_are_written_as_numbers() {
    let folder = Folder::new();
    let (_, rest) = CONFIG.split_once("[model]").unwrap();
    let cross = "[data]\nlabel = \"click\"\norder = \"time\"\n[[field]]\nname = \"pair\"\nkind = \"cross\"\n\
                 columns = [\"user\", \"ad\"]\ncounts = true\nsmoothing = [1, 10]\n[model]";
    folder.write("run.toml", format!("{cross}{rest}valid_fraction = 0\n"));
    folder.write("clicks.csv", "click,user,ad\n1,1,a\n0,1,a\n1,1.0,a\n0,2,a\n");
    let found = folder.succeed("convert --data clicks.csv --config run.toml --to libffm").stdout;
    let first = "1 0:3:1 1:5:0 1:6:0 1:7:1 1:8:1 1:9:0 1:10:0\n";
    let second = "0 0:3:1 1:5:0.33333334 1:6:0.33333334 1:7:1.2 1:8:1.03125 1:9:0.5 1:10:0.5\n";
    let third = "1 0:3:1 1:5:0.6666667 1:6:0.33333334 1:7:1 1:8:1 1:9:0.79248124 1:10:0.5\n";
    let fourth = "0 0:4:1 1:5:0 1:6:0 1:7:1 1:8:1 1:9:0 1:10:0\n";
    assert_eq!(found, [first, second, third, fourth].concat());

    folder.succeed("train --config run.toml --data clicks.csv --out model.dcx");
    folder.write("new.csv", "click,user,ad\n1,1.00,a\n0,1,\n");
    let found = folder.succeed("convert --data new.csv --model model.dcx --to libffm").stdout;
    let known = "1 0:3:1 1:5:1 1:6:0.6666667 1:7:1.2 1:8:1.0434783 1:9:1 1:10:0.79248124\n";
    let unseen = "0 0:1:1 1:5:0 1:6:0 1:7:1 1:8:1 1:9:0 1:10:0\n";
    assert_eq!(found, [known, unseen].concat());
}

/// A configuration with a weighted list for each of these columns.
fn lists(columns: &[&str]) -> String {
    let list = |column: &&str| {
        format!(
            "[[field]]\nname = \"{column}\"\nkind = \"multi-hot\"\nseparator = \" \"\nweights = true\n"
        )
    };
    let fields: String = columns.iter().map(list).collect();
    let (_, model) = CONFIG.split_once("[model]").unwrap();
    format!("[data]\nlabel = \"label\"\n{fields}[model]{model}")
}

#[test]
fn a_configuration_says_how_files_are_read() {
    let folder = Folder::new();
    folder.write(
        "run.toml",
        CONFIG.replace("[data]", "[data]\ndelimiter = \";\"\nbad_rows = \"skip\""),
    );
    folder.write("odd.csv", csv(3).replace(',', ";") + "1;2\n");
    let said = folder.succeed("convert --data odd.csv --config run.toml --out plain.csv");
    let skipped = "left out: `odd.csv`, line 5 (`1;2`): has 2 fields, expected 4\n\
                   1 row could not be read and is left out\nwrote 3 rows to plain.csv\n";
    assert_eq!(said.stderr, skipped);
    assert_eq!(folder.text("plain.csv"), csv(3));
}

/// Checks that a call with these flags ends with the code and exactly this message, and leaves nothing.
#[track_caller]
fn check_refused(flags: &str, code: i32, message: &str) {
    let folder = Folder::with_model();
    folder.write("tab.csv", "a,b\n1,\"x\ty\"\n");
    folder.write("short.csv", "a,b\n1,2\n3\n");
    folder.fail(&format!("convert {flags}"), code, message);
}

#[test]
fn rows_that_cannot_be_read_or_written_leave_nothing() {
    let tab = "`tab.csv`, line 2 (`1,\"x\\ty\"`): field `b` is `x\\ty`, expected no tab and no line end \
               in it, since this format has no quotes";
    check_refused("--data tab.csv --out b.tsv", 1, tab);
    let short = "`short.csv`, line 3 (`3`): has 1 field, expected 2";
    check_refused("--data short.csv --out b.parquet", 1, short);
    check_refused("--data none.csv --out b.csv", 1, "`none.csv`: no such file");
    let label = "`tab.csv`: has no column `click` for the label";
    check_refused("--data tab.csv --model model.dcx --out b.ffm", 1, label);
    let criteo = "the rows cannot be written as criteo: column 1 is `click`, expected `label`; its \
                  columns are `label`, `I1` to `I13` and `C1` to `C26`";
    check_refused("--data train.csv --out day_0 --to criteo", 1, criteo);
}

#[test]
fn calls_that_say_too_little_or_too_much_are_refused_with_advice() {
    let ends = "b.dat: the name does not show the format, expected a name that ends in .csv, \
                .tsv, .svm, .libsvm, .ffm, .libffm, .jsonl, .ndjson or .parquet, or `--to`";
    check_refused("--data train.csv --out b.dat", 2, ends);
    let to = "`--to`: name the format for standard output";
    check_refused("--data train.csv", 2, to);
    let parquet = "Parquet compresses its columns itself, expected a name without `.gz` or `.zst`";
    check_refused("--data train.csv --to parquet --out b.gz", 2, parquet);
    let numbers =
        "; `--config` with a `[[field]]` for each column, or `--model`, converts them to numbers";
    let ffm = "the rows cannot be written as libffm: expected the column `label`, and columns whose \
               names are the numbers of fields, each a list of pairs";
    check_refused("--data train.csv --out b.ffm", 2, &format!("{ffm}{numbers}"));
    let svm = "the rows cannot be written as libsvm: expected the columns `label`, optionally `qid`, \
               and `features`, a list of pairs";
    check_refused("--data train.csv --out b.svm", 2, &format!("{svm}{numbers}"));
    let model = "`--model`: applies only to libsvm and libffm";
    check_refused("--data train.csv --model model.dcx --out b.csv", 2, model);
    let twice = "`-`: the standard input can be named once, but the call names it twice";
    check_refused("--data - - --out b.csv", 2, twice);
}
