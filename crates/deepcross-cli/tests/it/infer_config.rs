//! Tests of `infer-config`: its configuration trains a model without changes.

use crate::describe::odd_rows;
use crate::{Folder, csv};
use std::fmt::Write;

#[test]
fn an_inferred_configuration_trains_evaluates_and_predicts() {
    let folder = Folder::with_data();
    let said = folder.succeed("infer-config --data train.csv --label click --out new.toml");
    assert!(said.stderr.ends_with("\nwrote new.toml, 2 fields\n"), "{}", said.stderr);
    assert_eq!(said.stdout, "");
    let printed = folder.succeed("infer-config --data train.csv --label click").stdout;
    assert_eq!(printed, folder.text("new.toml"));
    let lines = [
        "# Inferred from 200 rows of train.csv, 33.50 % positive: a first choice, to be read and changed.",
        "label = \"click\"",
        "# 7 values",
        "# lists of 2.0 out of 5 elements",
        "separator = \"|\"",
        "[train]",
    ];
    for line in lines {
        assert!(printed.lines().any(|printed| printed == line), "{line}\n{printed}");
    }
    folder.succeed("train --config new.toml --data train.csv --out model.dcx --set train.epochs=2");
    folder.succeed("evaluate --model model.dcx --data train.csv");
    folder.succeed("predict --model model.dcx --data new.csv --out p.csv");
}

#[test]
fn a_column_that_leaks_the_label_is_left_out_with_a_warning() {
    let folder = Folder::new();
    let text: String = csv(200).lines().fold(String::new(), |mut text, line| {
        let known = line.split(',').next().unwrap_or_default().replace("click", "paid");
        writeln!(text, "{line},x{known},same").unwrap();
        text
    });
    folder.write("leak.csv", text.replacen(",same", ",constant", 1));
    let said = folder.succeed("infer-config --data leak.csv --label click --out new.toml");
    let reason =
        "it alone predicts the label (AUC 1.0000), as if it had been written after the label";
    // In these rows the age leaks the label, too: every third row is positive, and the age has a period of twelve.
    let warning = |name: &str| format!("warning: `{name}` is left out: {reason}\n");
    let warnings = [warning("age"), warning("xpaid")].concat();
    let constant = "`constant` is left out: it is `same` in every row\n";
    assert_eq!(said.stderr, format!("{warnings}{constant}wrote new.toml, 2 fields\n"));
    let written = folder.text("new.toml");
    assert!(
        written.contains(&format!("# `xpaid` is left out: {reason}.\n# [[field]]\n")),
        "{written}"
    );
    assert!(
        written.contains("# `constant` is left out: it is `same` in every row.\n"),
        "{written}"
    );
    folder.succeed("train --config new.toml --data leak.csv --out m.dcx --set train.epochs=1");
}

#[test]
fn what_is_left_out_or_odd_is_said_with_its_reason() {
    let folder = Folder::new();
    folder.write("x.csv", odd_rows());
    let call = "infer-config --data x.csv --label click --out x.toml --force";
    let said = folder.succeed(call).stderr;
    let lines = [
        "`spend`: 2 of 1,000 rows are not numbers and count as missing: `far`\n",
        "`query_id` is left out: by its name it groups rows, 5 on average, and new rows have new groups; \
         `evaluate --by query_id` measures the order of the rows within each\n",
        "`price` is read as ids: each value looks like an amount with a currency (`$",
        "`constant` is left out: it is `fixed` in every row\n",
    ];
    for line in lines {
        assert!(said.contains(line), "{line}\n{said}");
    }
    let written = folder.text("x.toml");
    let comments = [
        "missing = [\"\", \"far\"]\n",
        "# times: seconds since 1970: 1709251200 is 2024-03-01T00:00:00Z\n",
        "# 2 of 1,000 rows are not numbers and count as missing: `far`\n[[field]]\nname = \"spend\"\n",
        "# `query_id` is left out: ",
    ];
    for comment in comments {
        assert!(written.contains(comment), "{comment}\n{written}");
    }
    folder.succeed("train --config x.toml --data x.csv --out m.dcx --set train.epochs=1");
    folder.succeed(&format!("{call} --no-examples"));
    let hidden = folder.text("x.toml");
    for value in ["1709251200", "2024-03-01", "`far`", "$", "fixed"] {
        assert!(!hidden.contains(value), "{value}\n{hidden}");
    }
}

#[test]
fn a_column_with_signal_is_left_out_with_a_warning() {
    let folder = Folder::new();
    // Numbers that predict the label by their order, and in one of twenty rows another text.
    let row = |i: usize| {
        let (click, noise) = (usize::from(i * 7919 % 100 < 30), i * 7919 % 1000);
        let text = if i.is_multiple_of(20) { "a" } else { "" };
        format!("{click},{text}{}.{i:04},{}\n", 400 * click + noise, i % 7)
    };
    let rows: String = (0..2000).map(row).collect();
    folder.write("x.csv", format!("click,spend,day\n{rows}"));
    let call = "infer-config --data x.csv --label click --out x.toml";
    let warning = "`spend` is left out: nearly every row has a different value, and 95.0 % of its different values \
                   are numbers, and the others are not, such as `a";
    let strict = folder.call(&format!("{call} --strict"));
    assert!(strict.stderr.starts_with(&format!("error: {warning}")), "{}", strict.stderr);
    assert_eq!((strict.code, folder.names()), (Some(1), vec!["x.csv".to_owned()]));
    let said = folder.succeed(call).stderr;
    assert!(said.starts_with(&format!("warning: {warning}")), "{said}");
}

#[test]
fn groups_of_rows_whose_order_predicts_the_label_are_left_out_with_a_warning() {
    let folder = Folder::new();
    let write = |rate: fn(usize) -> usize| {
        let click = |i: usize| usize::from(i * 7919 % 100 < rate(i));
        let rows = (0..4000).map(|i| format!("{},{},{}\n", click(i), i / 10, i % 7));
        folder.write("x.csv", format!("click,prior_session,day\n{}", rows.collect::<String>()));
        folder.succeed("infer-config --data x.csv --label click").stderr
    };
    let line = "`prior_session` is left out: by its name it groups rows";
    let said = write(|_| 30);
    assert!(said.starts_with(line), "{said}");
    let said = write(|i| i / 50);
    assert!(said.starts_with(&format!("warning: {line}")), "{said}");
}

#[test]
fn a_file_that_a_pattern_names_is_not_replaced() {
    let folder = Folder::new();
    folder.write("data.toml", csv(100));
    let call = "infer-config --data *.toml --format csv --label click --out data.toml --force";
    let said = folder.call(call);
    assert_eq!(said.code, Some(2), "{}", said.stderr);
    assert_eq!(folder.text("data.toml"), csv(100));
}

/// Rows without a header, with a comment, blanks, markers of missing values, and a label in words.
fn people() -> String {
    let row = |i: usize| {
        let job = ["clerk", "?", "smith"][i % 3];
        format!(
            "{}, {job}, {}\n",
            20 + i * 7 % 50,
            if i.is_multiple_of(4) { ">50K" } else { "<=50K" }
        )
    };
    format!("|made by hand\n{}", (0..300).map(row).collect::<String>())
}

#[test]
fn a_file_without_header_needs_the_names_and_the_classes() {
    let folder = Folder::new();
    folder.write("people.data", people());
    let call = "infer-config --data people.data --columns age,job,income --label income";
    folder.succeed(&format!("{call} --positive >50K --out new.toml"));
    let written = folder.text("new.toml");
    let (data, fields) = written.split_once("\n\n# 20 to 69").unwrap_or((&written, ""));
    let expected = "[data]\nformat = \"csv\"\ncomment = \"|\"\ncolumns = [\"age\", \"job\", \"income\"]\n\
        label = { column = \"income\", positive = [\">50K\"], negative = [\"<=50K\"] }\nmissing = [\"\", \"?\"]";
    assert!(data.contains(expected), "{written}{fields}");
    assert!(
        written.contains(
            "# 2 values, 33.33 % missing\n# ids: texts\n# 100 of 300 rows count as missing: `?`\n"
        ),
        "{written}"
    );
    folder.succeed("train --config new.toml --data people.data --out m.dcx --set train.epochs=1");
    folder.succeed("evaluate --model m.dcx --data people.data");
    let marked = folder.succeed(&format!("{call} --positive >50K --missing clerk")).stdout;
    assert!(marked.contains("missing = [\"\", \"clerk\"]"), "{marked}");
}

#[test]
fn incomplete_calls_are_refused_with_what_is_needed() {
    let folder = Folder::with_data();
    folder.write("people.data", people());
    let columns = "--data people.data --columns age,job,income --label income";
    let cases = [
        ("--data train.csv".to_owned(), "--label: name the column of the label"),
        (
            "--data people.data --label income".to_owned(),
            "`people.data`: the first row looks like values and not like the names of columns: `20`, \
             `clerk`, `>50K`, …; name the 3 columns with --columns",
        ),
        (
            columns.to_owned(),
            "the label `income` is `<=50K` in 225 rows, `>50K` in 75 rows, expected `1` (positive) or \
             `0` (negative); name the positive values with --positive",
        ),
        (
            format!("{columns} --positive >50k"),
            "the label `income` is `>50k` in no row, but `<=50K` in 225 rows, `>50K` in 75 rows; name the \
             positive values with --positive",
        ),
        (
            format!("{columns} --positive >50K --negative none"),
            "the label `income` is `<=50K` in 225 rows, `>50K` in 75 rows, expected `>50K` (positive) \
             or `none` (negative); name the positive values with --positive",
        ),
        (
            "--data train.csv --label click --out run.toml".to_owned(),
            "run.toml: already exists; --force replaces it",
        ),
    ];
    for (flags, message) in cases {
        folder.fail(&format!("infer-config {flags}"), 2, message);
    }
    folder.fail(
        "infer-config --data train.csv --label clik",
        1,
        "`train.csv`: has no column `clik` for the label, the nearest is `click`",
    );
    folder.succeed("infer-config --data train.csv --label click --out run.toml --force");
}

#[test]
fn pipes_patterns_and_compressed_files_are_read() {
    let folder = Folder::with_data();
    let expected = folder.succeed("infer-config --data train.csv --label click").stdout;
    let after_head = |text: &str| text.split_once('\n').map(|(_, rest)| rest.to_owned());
    let output = folder
        .program()
        .args("infer-config --data - --label click".split(' '))
        .write_stdin(csv(200))
        .output()
        .unwrap();
    assert!(output.status.success());
    assert_eq!(after_head(&String::from_utf8(output.stdout).unwrap()), after_head(&expected));
    let by_pattern = folder.succeed("infer-config --data tr*.csv --label click").stdout;
    assert_eq!(after_head(&by_pattern), after_head(&expected));
}

#[test]
fn if_no_column_is_left_each_has_its_reason() {
    let folder = Folder::new();
    let row = |i: usize| format!("{0},{0},same,\n", i % 2);
    folder.write(
        "rows.csv",
        format!("click,paid,place,none\n{}", (0..200).map(row).collect::<String>()),
    );
    let expected = "no column is left to predict the label from\n\
                    `paid` is left out: it alone predicts the label (AUC 1.0000), as if it had been written after the \
                    label\n\
                    `place` is left out: it is `same` in every row\n\
                    `none` is left out: it is empty in every row";
    folder.fail("infer-config --data rows.csv --label click", 2, expected);
}
