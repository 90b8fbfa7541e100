//! Held-out rows through the program: neither label nor weight decides about them, and all commands hold out the same
//! ones.

use crate::{CONFIG, Folder, csv};

/// A log of two columns with two values each, and a configuration of both; the rate of clicks depends on them.
fn few_distinct_rows(n: usize) -> Folder {
    let folder = Folder::new();
    let (mut state, mut text) = (1_u64, "click,variant,device\n".to_owned());
    for i in 0..n {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let (combination, uniform) = (i % 4, (state >> 11) as f64 / (1_u64 << 53) as f64);
        let click = u8::from(uniform < RATES[combination]);
        text += &format!("{click},{}\n", COMBINATIONS[combination]);
    }
    folder.write("train.csv", text);
    folder.write("new.csv", format!("variant,device\n{}\n", COMBINATIONS.join("\n")));
    let field = |name| format!("[[field]]\nname = \"{name}\"\nkind = \"categorical\"\n");
    let train = "[train]\nepochs = 6\nbatch = 128\nlearning_rate = 0.02\n";
    let model = "[model]\nembedding = 2\nhidden = [4]\n";
    let config = ["[data]\nlabel = \"click\"\n", &field("variant"), &field("device"), model, train];
    folder.write("run.toml", config.concat());
    folder
}

const COMBINATIONS: [&str; 4] = ["A,phone", "A,desk", "B,phone", "B,desk"];
const RATES: [f64; 4] = [0.4, 0.3, 0.5, 0.2];

const EQUAL: &str = "warning: 100 % of the held-out rows are equal to a training row in all columns of the fields, so \
                     validation says little about new rows";
const ADVICE: &str =
    "; hold out groups of rows by `train.valid_by = \"field:COLUMN\"`, or rows of a later time\n";

/// Of four different rows and their labels, a hash of the whole row would hold out all clicks of one of them.
#[test]
fn of_few_distinct_rows_each_is_learned_with_its_rate() {
    let folder = few_distinct_rows(6000);
    for seed in 1..4 {
        let call =
            "train --config run.toml --data train.csv --set train.monitor=\"auc\" --out m.dcx";
        let said = folder.succeed(&format!("{call} --seed {seed}")).stderr;
        assert!(said.contains(EQUAL), "{said}");
        let said = folder.succeed("predict --model m.dcx --data new.csv").stdout;
        let found: Vec<f64> = said.lines().filter_map(|line| line.parse().ok()).collect();
        assert_eq!(found.len(), 4, "{said}");
        for (found, rate) in found.iter().zip(RATES) {
            // Five standard errors of 1350 rows.
            assert!((found - rate).abs() < 0.07, "seed {seed}: {found}, expected {rate}");
        }
    }
}

#[test]
fn held_out_rows_that_equal_training_rows_are_a_warning() {
    let folder = few_distinct_rows(1000);
    let rows = folder.text("train.csv");
    let numbered = rows.lines().enumerate().map(|(i, row)| match i {
        0 => format!("{row},n\n"),
        i => format!("{row},{i}\n"),
    });
    folder.write("train.csv", numbered.collect::<String>());
    for call in ["train --out m.dcx", "encode --out m.dcc", "compare --models lr --seeds 1"] {
        // Whoever holds out groups or the last rows gets no advice to do so.
        for (rule, advice) in [("row", ADVICE), ("field:n", "\n"), ("time:n", "\n")] {
            let set = format!("--set train.valid_fraction=0.4 --set train.valid_by=\"{rule}\"");
            let call = format!("{call} --config run.toml --data train.csv {set}");
            let said = folder.succeed(&call).stderr;
            assert_eq!(said.matches(&format!("{EQUAL}{advice}")).count(), 1, "{call}\n{said}");
            let outcome = folder.call(&format!("{call} --strict"));
            assert_eq!(outcome.code, Some(1), "{}", outcome.stderr);
        }
    }
}

#[test]
fn rows_that_differ_are_no_warning() {
    let folder = Folder::with_data();
    let row = |i: usize| format!("{},ad{i},t{i},{i}\n", usize::from(i.is_multiple_of(3)));
    let rows: String = (0..600).map(row).collect();
    folder.write("once.csv", format!("{}\n{rows}", crate::HEADER));
    for call in ["train --out m.dcx", "encode --out m.dcc", "compare --models lr --seeds 1"] {
        // Fast enough to learn the share of positive rows, without which the model is worse than a constant.
        let set = "--set train.valid_fraction=0.3 --set train.learning_rate=0.02 --strict";
        folder.succeed(&format!("{call} --config run.toml --data once.csv {set}"));
    }
}

/// A run on a few rows. All held-out rows are negative.
#[test]
fn held_out_rows_of_one_class_end_no_run() {
    let folder = Folder::with_data();
    let rows = csv(60).replace("\n1,", "\n0,").replace("\n0,ad0,", "\n1,ad0,");
    folder.write("train.csv", rows);
    for seed in 1..9 {
        let call =
            "train --config run.toml --data train.csv --set train.monitor=\"auc\" --out m.dcx";
        folder.succeed(&format!("{call} --set train.valid_fraction=0.07 --seed {seed}"));
    }
}

#[test]
fn a_split_by_order_or_time_gives_the_rows_that_a_run_holds_out() {
    let folder = Folder::with_data();
    folder.write("train.csv", csv(300));
    for (split, train) in [
        ("--by order", "--set data.order=\"time\""),
        ("--by time --column age", "--set train.valid_by=\"time:age\""),
    ] {
        folder.succeed(&format!("split --data train.csv {split} --test 0.2 --out-dir parts"));
        folder.succeed(
            "train --config run.toml --data parts/train.csv --valid parts/test.csv --out a.dcx",
        );
        let call = "train --config run.toml --data train.csv --set train.valid_fraction=0.2";
        folder.succeed(&format!("{call} {train} --out b.dcx"));
        let predicted =
            |model| folder.succeed(&format!("predict --model {model} --data new.csv")).stdout;
        assert_eq!(predicted("a.dcx"), predicted("b.dcx"), "{split}");
    }
}

#[test]
fn all_commands_hold_out_the_same_rows() {
    for rule in [
        "valid_by = \"row\"\nsplit_seed = 1",
        "valid_by = \"field:tags\"\nsplit_seed = 1",
        "valid_by = \"time:age\"",
    ] {
        let folder = Folder::with_data();
        folder.write("run.toml", format!("{CONFIG}valid_fraction = 0.3\n{rule}\n"));
        folder.write("train.csv", csv(300));
        let data = "--config run.toml --data train.csv";
        folder.succeed(&format!("train {data} --out own.dcx"));
        folder.succeed(&format!("encode {data} --out rows.dcc"));
        let said = folder.succeed(&format!("train {data} --cache rows.dcc --out cached.dcx"));
        assert!(!said.stderr.contains("another run"), "{}", said.stderr);
        assert_eq!(folder.read("cached.dcx"), folder.read("own.dcx"), "{rule}");
        folder.succeed(&format!("compare {data} --models deep-crossing --seeds 1 --out models"));
        assert_eq!(folder.read("models/deep-crossing-seed1.dcx"), folder.read("own.dcx"), "{rule}");
    }
}

#[test]
fn rules_that_do_not_fit_are_refused() {
    let folder = Folder::with_data();
    let train = "train --config run.toml --data train.csv --out m.dcx";
    for (flags, code, message) in [
        (
            "--set train.valid_by=\"field:click\"",
            2,
            "run.toml: `train.valid_by`: must not name `click`, the column of the label",
        ),
        (
            "--set train.valid_by=\"time:agee\"",
            1,
            "`train.csv`: has no column `agee` for the rows to hold out, the nearest is `age`",
        ),
        (
            "--set train.valid_by=\"time:ad\"",
            1,
            "`train.csv`, line 2 (`1,ad0,t0|t0,18`): field `ad` is `ad0`, expected a finite number or a date like \
             `2026-01-31`",
        ),
        (
            "--set train.valid_by=\"row\" --valid new.csv",
            2,
            "the configuration: `train.valid_by`: has no meaning with a validation file; remove one of the two",
        ),
        (
            "--set train.valid_by=\"row\" --set train.valid_fraction=0",
            2,
            "the configuration: `train.valid_by`: needs validation rows, but `train.valid_fraction` is 0",
        ),
    ] {
        folder.fail(&format!("{train} {flags}"), code, message);
    }
}

/// The rows that are held out of the first 48 with a share of one half and the seed 1, by the formula of
/// `crates/deepcross-data/src/source/division.rs`.
const HELD_OUT: &[usize] = &[
    0, 2, 3, 7, 8, 11, 12, 14, 17, 18, 25, 26, 29, 31, 34, 35, 37, 38, 39, 40, 41, 42, 44, 45, 46,
    47,
];

/// The labels are those of the held-out rows, which no rule by number can know.
#[test]
fn rates_that_differ_by_more_than_chance_are_said() {
    let folder = Folder::with_data();
    let row = |i| {
        // A few rows are of the other class.
        let click = HELD_OUT.contains(&i) != (i < 4);
        format!("{},ad{i},t{i},{i}\n", u8::from(click))
    };
    let rows: String = (0..48).map(row).collect();
    folder.write("train.csv", format!("{}\n{rows}", crate::HEADER));
    let call =
        "train --config run.toml --data train.csv --out m.dcx --set train.valid_fraction=0.5";
    let warned = |flags: &str| -> Vec<String> {
        let said = folder.succeed(&format!("{call} {flags}")).stderr;
        said.lines().filter(|line| line.contains("standard errors")).map(str::to_owned).collect()
    };
    let expected = "warning: 4.55 % of the training rows are positive, but 88.46 % of the held-out rows, which is 5.8 standard \
                    errors apart: the rule `train.valid_by` chooses by something that the label depends on";
    assert_eq!(warned("--seed 1"), [expected]);
    let none: [String; 0] = [];
    assert_eq!(warned("--seed 2"), none);
    assert_eq!(warned("--set train.valid_by=\"time:age\""), none);
}
