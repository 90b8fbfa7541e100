//! Tests of `bad_rows = "skip"`: rows that cannot be read are counted, reported and left out.

use crate::{CONFIG, Folder, csv};

/// A folder with a model, trained on 200 good rows and 4 that cannot be read.
fn skipping() -> Folder {
    let folder = Folder::with_data();
    folder.write("run.toml", CONFIG.replace("[data]", "[data]\nbad_rows = \"skip\""));
    let bad: &[u8] = b"1,ad1,t1\n1,ad1,t1,old\nmaybe,ad1,t1,30\n1,caf\xe9,t1,30\n";
    folder.write("bad.csv", [csv(200).as_bytes(), bad].concat());
    folder
}

#[test]
fn training_counts_and_reports_them() {
    let folder = skipping();
    let train = "train --config run.toml --set train.valid_fraction=0 --data";
    let said = folder.succeed(&format!("{train} bad.csv --out model.dcx")).stderr;
    let expected = [
        "left out: `bad.csv`, line 202 (`1,ad1,t1`): has 3 fields, expected 4\n",
        "left out: `bad.csv`, line 203 (`1,ad1,t1,old`): field `age` is `old`, expected a finite number\n",
        "left out: `bad.csv`, line 204 (`maybe,ad1,t1,30`): field `click` is `maybe`, expected `1` (positive) or `0` (negative); name other classes with `data.label = { column, positive, negative }`\n",
        "left out: `bad.csv`, line 205 (`1,caf\u{fffd},t1,30`): field `ad` is `caf\u{fffd}`, expected valid UTF-8; if the file is in another encoding, such as Windows-1252, convert it with `iconv -f WINDOWS-1252 -t UTF-8`\n",
        "4 rows could not be read and are left out\n",
    ];
    for line in expected {
        assert!(said.contains(line), "{line}\n{said}");
    }
    // The rows left out do not change the model.
    folder.succeed(&format!("{train} train.csv --out clean.dcx"));
    assert_eq!(folder.read("model.dcx"), folder.read("clean.dcx"));
}

#[test]
fn evaluation_counts_and_reports_them() {
    let folder = skipping();
    folder.succeed("train --config run.toml --data train.csv --out model.dcx");
    let json = folder.succeed("evaluate --model model.dcx --data bad.csv --json").stdout;
    let report: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&report["rows"], &report["skipped"]), (&200.into(), &4.into()), "{json}");
    let outcome = folder.succeed("evaluate --model model.dcx --data bad.csv");
    assert!(outcome.stdout.starts_with("200 rows, 67 positive\n"), "{}", outcome.stdout);
    assert!(outcome.stderr.contains("4 rows could not be read"), "{}", outcome.stderr);
}

#[test]
fn predictions_keep_a_line_for_them() {
    let folder = skipping();
    folder.succeed("train --config run.toml --data train.csv --out model.dcx");
    let good: Vec<String> = csv(3).lines().skip(1).map(str::to_owned).collect();
    let header = "click,ad,tags,age";
    let mixed =
        format!("{header}\n1,ad1,t1\n{}\n{}\n1,ad1,t1,old\n{}\n?,?\n", good[0], good[1], good[2]);
    folder.write("mixed.csv", mixed);
    folder.write("good.csv", csv(3));
    let outcome = folder.succeed("predict --model model.dcx --data mixed.csv");
    let lines: Vec<&str> = outcome.stdout.lines().collect();
    let expected = folder.succeed("predict --model model.dcx --data good.csv").stdout;
    let p: Vec<&str> = expected.lines().skip(1).collect();
    assert_eq!(lines, ["probability", "NaN", p[0], p[1], "NaN", p[2], "NaN"]);
    assert!(outcome.stderr.contains("3 rows could not be read"), "{}", outcome.stderr);
}

#[test]
fn by_default_the_first_one_stops_the_run() {
    let folder = skipping();
    folder.write("run.toml", CONFIG);
    folder.fail(
        "train --config run.toml --data bad.csv --out model.dcx",
        1,
        "`bad.csv`, line 202 (`1,ad1,t1`): has 3 fields, expected 4",
    );
}
