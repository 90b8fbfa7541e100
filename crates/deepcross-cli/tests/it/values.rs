//! The report on missing, unseen, rare and clipped values after training.

use crate::{CONFIG, Folder, HEADER, csv};

/// The lines of `train` between the table of epochs and the time, each with single blanks.
fn values(folder: &Folder, flags: &str) -> Vec<String> {
    let call = format!("train --config run.toml --data train.csv --out model.dcx {flags}");
    let said = folder.succeed(call.trim_end()).stderr;
    let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    let lines = said.lines().map(words).filter(|line| !line.is_empty());
    let lines: Vec<_> = lines
        .skip_while(|line| !line.contains("unusual") && !line.starts_with("no value"))
        .collect();
    lines.into_iter().take_while(|line| !line.contains(" rows/s ")).collect()
}

#[test]
fn training_and_validation_rows_are_compared() {
    let folder = Folder::with_data();
    folder.write(
        "run.toml",
        CONFIG.replace("kind = \"categorical\"", "kind = \"categorical\"\ntop = 6"),
    );
    // One more of 200 training rows lacks its age; of 4 validation rows, two have an unknown ad, and two a higher age than in
    // training.
    folder.write("train.csv", format!("{}0,ad1,t1,\n", csv(199)));
    folder.write(
        "valid.csv",
        format!("{HEADER}\n1,adx,t1,99\n0,ady,t1,98\n0,ad1,t2|t3,20\n1,ad6,t1,20\n"),
    );
    let expected = [
        "unusual values of the training / validation rows, in % of all",
        "field missing unseen rare clipped",
        "ad 0 0 / 50.00 14.00 / 25.00 0",
        "age 0.50 / 0 0 0 0 / 50.00",
    ];
    assert_eq!(values(&folder, "--valid valid.csv"), expected);
    let expected = [
        "unusual values of the training rows, in % of all",
        "field missing rare",
        "ad 0 14.00",
        "age 0.50 0",
    ];
    assert_eq!(values(&folder, "--set train.valid_fraction=0"), expected);
}

#[test]
fn usual_values_are_reported_as_such() {
    let folder = Folder::with_data();
    for (flags, rows) in [
        ("--valid train.csv", "training / validation rows"),
        ("--set train.valid_fraction=0", "training rows"),
    ] {
        let expected = format!("no value of the {rows} is missing, unseen, rare or clipped");
        assert_eq!(values(&folder, flags), [expected]);
    }
}

#[test]
fn of_many_fields_those_with_the_largest_shares_are_shown() {
    let folder = Folder::new();
    let field = |i: usize| format!("[[field]]\nname = \"f{i}\"\nkind = \"categorical\"\n");
    let fields: String = (0..20).map(field).collect();
    let (head, tail) = CONFIG.split_once("[[field]]").unwrap();
    let model = tail.split_once("[model]").unwrap().1;
    folder.write("run.toml", format!("{head}{fields}[model]{model}"));
    let names: Vec<_> = (0..20).map(|i| format!("f{i}")).collect();
    // Field i is missing in i rows of 40.
    let row = |n: usize| {
        let cells: Vec<_> = (0..20).map(|i| if n < i { "" } else { "a" }).collect();
        format!("{},{}\n", n % 2, cells.join(","))
    };
    let rows: String = (0..40).map(row).collect();
    folder.write("train.csv", format!("click,{}\n{rows}", names.join(",")));
    let lines = values(&folder, "--set train.valid_fraction=0");
    let shown: Vec<_> = (8..20).rev().map(|i| format!("f{i} {:.2}", i as f64 * 2.5)).collect();
    assert_eq!(lines[2..14], shown);
    assert_eq!(lines[14..], ["and 7 more with smaller shares"]);
    // The same for the rows of an evaluation and a prediction, which are counted.
    for command in ["evaluate", "predict --with-row"] {
        let said = folder.succeed(&format!("{command} --model model.dcx --data train.csv")).stderr;
        let lines: Vec<_> =
            said.lines().map(|line| line.split_whitespace().collect::<Vec<_>>()).collect();
        let first = lines.iter().position(|line| line.first() == Some(&"f19")).unwrap();
        assert_eq!(
            lines[first..first + 2],
            [["f19", "40", "19"], ["f18", "40", "18"]],
            "{command}"
        );
        assert_eq!(lines[first + 12].join(" "), "and 7 more with smaller shares", "{command}");
    }
}

#[test]
fn validation_rows_that_are_left_out_are_reported() {
    let folder = Folder::with_data();
    folder.write("valid.csv", format!("{}1,ad1,t1,old\n", csv(9)));
    let call = "train --config run.toml --data train.csv --valid valid.csv --out model.dcx --set data.bad_rows=skip";
    let said = folder.succeed(call).stderr;
    for line in [
        "validation: left out: `valid.csv`, line 11 (`1,ad1,t1,old`): field `age` is `old`, expected a finite number\n",
        "validation: 1 row could not be read and is left out\n",
    ] {
        assert!(said.contains(line), "{line}\n{said}");
    }
}
