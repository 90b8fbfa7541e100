//! Tests of `infer-config` with validation and test files, with several threads, and with pipes.

use crate::Folder;
use std::fmt::Write;

/// A number of a row below 1000, in no order: the mixing steps of SplitMix64.
fn noise(row: usize) -> usize {
    let mut x = (row as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((x ^ (x >> 31)) % 1000) as usize
}

/// Rows of visits: 40 rows a visitor, tags that change slowly, pages that stay, and numbers that stay too.
fn visits(rows: std::ops::Range<usize>) -> String {
    let mut text = String::from("click,visitor,page,tags,price\n");
    for i in rows {
        let [page, tag, price, click] = [0, 1, 2, 3].map(|salt| noise(4 * i + salt));
        let (visitor, page, tag) = (i / 40, page % 23, i / 600 + tag % 4);
        let click = usize::from(click < 200 + 100 * (page % 3));
        // Writing to a string does not fail.
        writeln!(text, "{click},v{visitor},p{page},t{tag}|t{},{}", tag + 2, 10 + price % 60)
            .unwrap();
    }
    text
}

fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("train.csv", visits(0..4000));
    folder.write("valid.csv", visits(4000..5000));
    folder.write("test.csv", visits(5000..6000));
    folder
}

const INFER: &str = "infer-config --data train.csv --label click --out run.toml --force";
const OTHERS: &str = "--valid valid.csv --test test.csv";

/// The text without the comments about other files.
fn without_shares(text: &str) -> String {
    let lines = text.lines().filter(|line| !line.contains("are in no training row"));
    lines.map(|line| format!("{line}\n")).collect()
}

#[test]
fn other_files_add_comments_and_warnings_and_choose_nothing() {
    let folder = folder();
    let said = folder.succeed(INFER).stderr;
    assert_eq!(said, "wrote run.toml, 4 fields\n");
    let plain = folder.text("run.toml");
    let warning = "warning: `visitor`: 100 % of its values in the validation files and 100 % of those in the test files \
                   are in no training row; the model knows only that they are new\n";
    let compared = folder.succeed(&format!("{INFER} {OTHERS}")).stderr;
    assert!(compared.contains(warning), "{compared}");
    assert_eq!(compared.replace(warning, ""), said);
    let written = folder.text("run.toml");
    assert_eq!(without_shares(&written), plain);
    let comments: Vec<_> =
        written.lines().filter(|line| line.contains("no training row")).collect();
    assert_eq!(comments.len(), 2, "{written}");
    assert!(comments[1].contains(" % of its elements in the validation files and "), "{written}");
    assert!(!written.contains("valid.csv") && !written.contains("test.csv"), "{written}");
    folder.succeed("train --config run.toml --data train.csv --out m.dcx --set train.epochs=1");

    let hidden = folder.succeed(&format!("{INFER} {OTHERS} --no-examples")).stderr;
    assert!(hidden.contains(warning), "{hidden}");
    assert!(folder.text("run.toml").contains(comments[0]));
    let strict = folder.call(&format!("{INFER} {OTHERS} --strict"));
    assert!(strict.stderr.contains("error: `visitor`: 100 % of its values"), "{}", strict.stderr);
    assert_eq!(strict.code, Some(1));
}

#[test]
fn other_files_may_be_of_any_format_and_of_pipes() {
    let folder = folder();
    folder.succeed(&format!("{INFER} {OTHERS}"));
    let expected = folder.text("run.toml");
    folder.succeed("convert --data valid.csv --out valid.parquet");
    folder.succeed("convert --data test.csv --out test.jsonl");
    folder.succeed(&format!("{INFER} --valid valid.parquet --test test.jsonl"));
    assert_eq!(folder.text("run.toml"), expected);
    let arguments = format!("{INFER} --valid - --test test.csv");
    let mut program = folder.program();
    let output =
        program.args(arguments.split(' ')).write_stdin(visits(4000..5000)).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(folder.text("run.toml"), expected);
}

#[test]
fn other_files_that_do_not_go_with_the_training_files_are_refused_or_said() {
    let folder = folder();
    let valid = visits(4000..5000);
    folder.write("unlabelled.csv", valid.replacen("click", "clicked", 1));
    folder.write("lacking.csv", valid.replacen("page", "site", 1));
    folder.write("words.csv", valid.replacen("\n0,", "\nno,", 1));
    folder.write("minus.csv", valid.replace("\n0,", "\n-1,"));
    let call = INFER.replace(" --out run.toml --force", "");
    let line = valid.lines().position(|line| line.starts_with("0,")).unwrap() + 1;
    folder.fail(
        &format!("{call} --valid unlabelled.csv"),
        1,
        "`unlabelled.csv`: has no column `click` for the label",
    );
    folder.fail(&format!("{call} --test none.csv"), 1, "`none.csv`: no such file");
    folder.fail(
        "infer-config --data - --valid - --label click",
        2,
        "`-`: the standard input can be named once, but the call names it twice",
    );
    for name in ["words.csv", "minus.csv"] {
        let said = folder.call(&format!("{call} --test {name}"));
        let place = format!("error: `{name}`, line {line}");
        assert!(said.stderr.contains(&place), "{}", said.stderr);
        assert_eq!((said.code, &*said.stdout), (Some(1), ""));
    }
    folder.succeed(&format!("{call} --test unlabelled.csv"));
    let said = folder.succeed(&format!("{call} --valid lacking.csv")).stderr;
    let warning = "warning: `lacking.csv`: has no column `page` for the field `page`; leave the field `page` out, or give \
                   it `at_prediction`\n";
    assert!(said.contains(warning), "{said}");
}

#[test]
fn test_files_without_header_may_lack_the_label() {
    let folder = folder();
    let rows =
        |range| visits(range).lines().skip(1).map(|line| format!("{line}\n")).collect::<String>();
    folder.write("train.data", rows(0..4000));
    let without = |line: &str| format!("{}\n", line.split_once(',').unwrap().1);
    folder.write("test.data", rows(5000..6000).lines().map(without).collect::<String>());
    let call =
        "infer-config --data train.data --columns click,visitor,page,tags,price --label click";
    let said = folder.succeed(&format!("{call} --test test.data"));
    assert!(
        said.stderr.contains("`visitor`: 100 % of its values in the test files"),
        "{}",
        said.stderr
    );
    assert_eq!(without_shares(&said.stdout), folder.succeed(call).stdout);
}

#[test]
fn any_number_of_threads_writes_the_same_bytes() {
    let folder = Folder::new();
    let simulated = "simulate --users 60 --rows 30000 --liking 1.5 --returning 0.5 --out train.tsv";
    folder.succeed(simulated);
    let call = "infer-config --data train.tsv --label click";
    let one = folder.succeed(&format!("{call} --threads 1")).stdout;
    assert!(one.contains("kind = \"cross\""), "{one}");
    assert_eq!(folder.succeed(&format!("{call} --threads 2")).stdout, one);
    for n in ["1", "3"] {
        let mut program = folder.program();
        let output = program.env("RAYON_NUM_THREADS", n).args(call.split(' ')).output().unwrap();
        assert_eq!(String::from_utf8(output.stdout).unwrap(), one, "{n} threads");
    }
}

/// The configuration without its first line, which names the file.
fn after_head(text: &str) -> String {
    text.split_once('\n').map(|(_, rest)| rest.to_owned()).unwrap_or_default()
}

#[cfg(unix)]
#[test]
fn pipes_are_read_as_files_are() {
    let folder = folder();
    let expected =
        after_head(&folder.succeed("infer-config --data train.csv --label click").stdout);
    for name in ["-", "/dev/stdin"] {
        let arguments = format!("infer-config --data {name} --label click");
        let mut program = folder.program();
        let output =
            program.args(arguments.split(' ')).write_stdin(visits(0..4000)).output().unwrap();
        assert_eq!(after_head(&String::from_utf8(output.stdout).unwrap()), expected, "{name}");
    }
    let pipe = folder.path("pipe");
    if !std::process::Command::new("mkfifo").arg(&pipe).status().is_ok_and(|made| made.success()) {
        println!("skipped: this system has no mkfifo");
        return;
    }
    let writer = std::thread::spawn(move || std::fs::write(pipe, visits(0..4000)));
    folder.succeed("infer-config --data pipe --label click --out run.toml");
    writer.join().unwrap().unwrap();
    assert_eq!(after_head(folder.text("run.toml").trim_end()), expected.trim_end());
    assert_eq!(folder.names(), ["pipe", "run.toml", "test.csv", "train.csv", "valid.csv"]);
}
