//! Tests of the rows that `predict` writes: one for each row of the files, with the columns that a call asks for.

use crate::{CONFIG, Folder, csv};

/// A folder with a model that skips bad rows, and `mixed.csv`, in which the third and the fifth row are bad.
fn skipping() -> Folder {
    let folder = Folder::with_data();
    folder.write("run.toml", CONFIG.replace("[data]", "[data]\nbad_rows = \"skip\""));
    folder.succeed("train --config run.toml --data train.csv --out model.dcx");
    let mixed = "id,click,ad,tags,age\n7,0,ad1,t1,20\nb,1,ad2,t2,21\n007,0,ad3,t3,oops\n\"x,y\",1,ad4,,22\n9,0\n";
    folder.write("mixed.csv", mixed);
    folder
}

#[test]
fn a_bad_row_has_a_row_for_usual_readers() {
    let folder = skipping();
    let predict = "predict --model model.dcx --data mixed.csv";
    let text = folder.succeed(predict).stdout;
    let lines: Vec<&str> = text.lines().collect();
    let [_, a, b, _, c, _] = lines[..] else { panic!("{text}") };
    // Most readers drop an empty line, and for some two quotes make the column a text.
    assert_eq!(lines, ["probability", a, b, "NaN", c, "NaN"]);
    assert_eq!(folder.succeed(&format!("{predict} --to tsv")).stdout, text);
    let jsonl = folder.succeed(&format!("{predict} --to jsonl")).stdout;
    let row = |p: &str| format!("{{\"probability\":{p}}}\n");
    assert_eq!(jsonl, [a, b, "null", c, "null"].map(row).concat());
    folder.succeed(&format!("{predict} --out p.parquet"));
    let found = folder.succeed("convert --data p.parquet --to csv").stdout;
    assert_eq!(found, text.replace("NaN", "\"\""));
}

#[test]
fn further_columns_are_written_as_they_were_read() {
    let folder = skipping();
    let predict = "predict --model model.dcx --data mixed.csv";
    let plain = folder.succeed(predict).stdout;
    let p: Vec<&str> = plain.lines().skip(1).collect();
    let found = folder.succeed(&format!("{predict} --with id click --with-row")).stdout;
    let expected = format!(
        "id,click,row,probability\n7,0,0,{}\nb,1,1,{}\n007,0,2,\n\"x,y\",1,3,{}\n,,4,\n",
        p[0], p[1], p[3]
    );
    assert_eq!(found, expected);
    let tsv = folder.succeed(&format!("{predict} --with id --to tsv")).stdout;
    assert!(tsv.contains("\n007\t\n"), "{tsv}");

    // Types are those of all values: whole numbers stay numbers, and `007` stays a text.
    let jsonl = folder.succeed(&format!("{predict} --with id click --to jsonl")).stdout;
    let first = format!("{{\"id\":\"7\",\"click\":0,\"probability\":{}}}\n", p[0]);
    assert!(jsonl.starts_with(&first), "{jsonl}");
    let mut piped = folder.program();
    let arguments = "predict --model model.dcx --data - --format csv --with id click --to jsonl";
    piped.args(arguments.split(' ')).write_stdin(folder.read("mixed.csv"));
    assert_eq!(String::from_utf8(piped.output().unwrap().stdout).unwrap(), jsonl);
    folder.succeed(&format!("{predict} --with id click --out p.parquet"));
    let csv = folder.succeed("convert --data p.parquet --to jsonl").stdout;
    assert_eq!(csv, jsonl);
}

#[test]
fn the_logit_belongs_to_the_probability() {
    let folder = Folder::with_model();
    let text = folder.succeed("predict --model model.dcx --data new.csv --with-logit").stdout;
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("probability,logit"));
    for line in lines {
        let (probability, logit) = line.split_once(',').unwrap();
        let (probability, logit): (f64, f64) =
            (probability.parse().unwrap(), logit.parse().unwrap());
        assert!((probability - 1.0 / (1.0 + (-logit).exp())).abs() < 1e-6, "{line}");
    }
    // A calibrator changes the probability alone.
    let calibrate = "calibrate --model model.dcx --data train.csv --method isotonic --out c.dcx";
    folder.succeed(calibrate);
    let calibrated = folder.succeed("predict --model c.dcx --data new.csv --with-logit").stdout;
    let of = |text: &str, at: usize| -> Vec<String> {
        text.lines().map(|line| line.split(',').nth(at).unwrap().to_owned()).collect()
    };
    assert_eq!(of(&calibrated, 1), of(&text, 1));
    assert_ne!(of(&calibrated, 0), of(&text, 0));
}

#[test]
fn columns_that_cannot_be_written_are_refused() {
    let folder = Folder::with_model();
    let predict = "predict --model model.dcx --data new.csv";
    folder.write("p.csv", csv(3).replace("click", "probability"));
    let cases = [
        (format!("{predict} --with user"), 1, "`new.csv`: has no column `user` for `--with`"),
        (
            "predict --model model.dcx --data p.csv --with probability".to_owned(),
            2,
            "`--with probability`: the output would have two columns `probability`",
        ),
        (
            format!("{predict} --with ad ad"),
            2,
            "`--with ad`: the output would have two columns `ad`",
        ),
        (
            format!("{predict} --with row --with-row"),
            2,
            "`--with row`: the output would have two columns `row`",
        ),
    ];
    for (call, code, message) in cases {
        folder.fail(&call, code, message);
    }
}

#[test]
fn a_blank_line_of_a_file_of_one_column_is_a_row() {
    let folder = Folder::new();
    folder.write("train.csv", format!("click,ad\n{}", "1,a\n0,b\n0,\n".repeat(30)));
    folder.write(
        "run.toml",
        "[data]\nlabel = \"click\"\n[[field]]\nname = \"ad\"\nkind = \"categorical\"\n[model]\nkind = \"lr\"\n[train]\nvalid_fraction = 0\n",
    );
    folder.succeed("train --config run.toml --data train.csv --out model.dcx");
    let predict = |data: &str| -> Vec<String> {
        let call = format!("predict --model model.dcx --data {data}");
        folder.succeed(&call).stdout.lines().map(str::to_owned).collect()
    };
    folder.write("two.csv", "x,ad\n,a\n,\n,b\n,\n");
    let expected = predict("two.csv");
    assert_eq!(expected.len(), 5);
    for name in ["one.csv", "one.tsv"] {
        folder.write(name, "ad\na\n\nb\n\n");
        assert_eq!(predict(name), expected, "{name}");
        // It stays a row in every format and back.
        let mut from = name.to_owned();
        for to in ["a.tsv", "b.csv", "c.jsonl", "d.parquet", "e.tsv", "f.csv"] {
            folder.succeed(&format!("convert --data {from} --out {to}"));
            assert_eq!(predict(to), expected, "{name} as {to}");
            from = to.to_owned();
        }
    }
}
