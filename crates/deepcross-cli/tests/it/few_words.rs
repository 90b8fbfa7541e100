//! Configurations of few words: names of several fields, defaults, and changes of a call.

use crate::{CONFIG, Folder};

const TRAIN: &str = "train --data train.csv --out model.dcx";

/// The settings of [`CONFIG`] after its fields.
fn settings() -> &'static str {
    &CONFIG[CONFIG.find("[model]").unwrap()..]
}

/// A configuration with these fields.
fn config(fields: &str) -> String {
    format!("[data]\nlabel = \"click\"\n\n{fields}\n{}", settings())
}

const LONG: &str = r#"
[[field]]
name = "ad"
kind = "categorical"
min_count = 3

[[field]]
name = "age"
kind = "categorical"
min_count = 3

[[field]]
name = "tags"
kind = "multi-hot"
separator = "|"
min_count = 2
"#;

/// The same fields in fewer words.
const SHORT: [&str; 6] = [
    "[[field]]\nnames = [\"ad\", \"age\"]\nkind = \"categorical\"\nmin_count = 3\n\
     [[field]]\nname = \"tags\"\nkind = \"multi-hot\"\nseparator = \"|\"\nmin_count = 2\n",
    "[[field]]\nname = \"a*\"\nkind = \"categorical\"\nmin_count = 3\n\
     [[field]]\nname = \"t*s\"\nkind = \"multi-hot\"\nseparator = \"|\"\nmin_count = 2\n",
    // The label is left out, and so is the column that another field names.
    "[[field]]\nname = \"*\"\nkind = \"categorical\"\nmin_count = 3\n\
     [[field]]\nname = \"tags\"\nkind = \"multi-hot\"\nseparator = \"|\"\nmin_count = 2\n",
    "[field_defaults]\nmin_count = 3\nkind = \"categorical\"\n\
     [field_defaults.multi-hot]\nmin_count = 2\nseparator = \"|\"\n\
     [[field]]\nname = \"a*\"\n[[field]]\nname = \"tags\"\nkind = \"multi-hot\"\n",
    "[[field]]\nnames = [\"a*\"]\nkind = \"categorical\"\nmin_count = 9\n\
     [[field]]\nname = \"tags\"\nkind = \"multi-hot\"\nmin_count = 9\n\
     [[field]]\nname = \"tags2\"\ncolumn = \"tags\"\nkind = \"text\"\n\
     [[field]]\nname = \"click2\"\ncolumn = \"tags\"\nkind = \"number\"\n",
    "[[field]]\nname = \"ad\"\nkind = \"categorical\"\nmin_count = 3\ntop = 2\n\
     [[field]]\nname = \"age\"\nkind = \"categorical\"\nmin_count = 3\n\
     [[field]]\nname = \"tags\"\nkind = \"multi-hot\"\nseparator = \"|\"\nmin_count = 2\n",
];

#[test]
fn fields_of_few_words_are_those_of_many() {
    let folder = Folder::with_data();
    folder.write("long.toml", config(LONG));
    let train = |config: &str, more: &str| {
        folder.succeed(&format!("{TRAIN} --config {config}{more}"));
        folder.read("model.dcx")
    };
    let expected = train("long.toml", "");
    for (i, fields) in SHORT.iter().enumerate() {
        folder.write("short.toml", config(fields));
        let more = match i {
            4 => {
                " --set field.a*.min_count=3 --set field.tags.min_count=2 --set field.tags.separator=| --unset \
                  field.*2"
            }
            5 => " --unset field.ad.top",
            _ => "",
        };
        // The artifact has the configuration too, so that its bytes show that it is the one of many words.
        assert!(train("short.toml", more) == expected, "{fields}");
    }
    // Columns are found in a pipe too, whose rows are not lost.
    folder.write("short.toml", config(SHORT[1]));
    let mut program = folder.program();
    program.args("train --config short.toml --data - --out model.dcx".split(' '));
    let output = program.write_stdin(folder.read("train.csv")).output().unwrap();
    assert!(output.status.success() && folder.read("model.dcx") == expected);
    let shown = folder.succeed("inspect --model model.dcx").stdout;
    assert!(shown.contains("name = \"age\"") && !shown.contains("a*"), "{shown}");
    folder.succeed("evaluate --model model.dcx --data new.csv");
}

#[test]
fn other_commands_expand_names_too() {
    let folder = Folder::with_data();
    folder.write("long.toml", config(LONG));
    folder.write("short.toml", config(SHORT[1]));
    let encode = |config: &str| {
        folder.succeed(&format!("encode --config {config} --data train.csv --out rows.dcc"));
        folder.read("rows.dcc")
    };
    assert!(encode("long.toml") == encode("short.toml"));
    let compare = |config: &str| {
        let call = format!("compare --config {config} --data train.csv --test new.csv");
        folder.succeed(&format!("{call} --models lr,fm --seeds 1 --out kept"));
        (folder.read("kept/lr-seed1.dcx"), folder.read("kept/fm-seed1.dcx"))
    };
    assert!(compare("long.toml") == compare("short.toml"));
    let convert = |config: &str| {
        folder.succeed(&format!("convert --config {config} --data train.csv --out rows.ffm"));
        folder.read("rows.ffm")
    };
    assert!(convert("long.toml") == convert("short.toml"));
    // These read the section `[data]` alone.
    folder.succeed("convert --config short.toml --data train.csv --out rows.tsv");
    folder
        .succeed("split --config short.toml --data train.csv --by row --test 0.5 --out-dir parts");
}

#[test]
fn names_and_changes_that_stand_for_nothing_are_refused() {
    let folder = Folder::with_data();
    folder.write("short.toml", config(SHORT[1]));
    let call = format!("{TRAIN} --config short.toml");
    for (more, message) in [
        (
            "--unset field.ag",
            "short.toml: `--unset field.ag`: there is no field `ag`; the nearest is `ad`",
        ),
        (
            "--unset train.epoch",
            "short.toml: `--unset train.epoch`: `train.epoch` is not set; the nearest that is set is `train.epochs`",
        ),
        (
            "--set field.*.transform=standard",
            "short.toml: `--set field.*.transform=standard`: no field that `*` stands for is of a kind with the key \
             `transform`",
        ),
        (
            "--set field.*.mincount=3",
            "short.toml: `--set field.*.mincount=3`: no field that `*` stands for has the key `mincount`; the nearest key \
             is `min_count`",
        ),
        (
            "--set field.x*.top=3",
            "short.toml: `--set field.x*.top=3`: no field has a name like `x*`; the fields are `ad`, `age`, `tags`",
        ),
        // Two fields, one problem: both stand in one table.
        (
            "--set field.ad.min_count=3 --set field.tags.min_count=0",
            "short.toml: `field.tags.min_count`: must be at least 1, but is 0",
        ),
    ] {
        folder.fail(&format!("{call} {more}"), 2, message);
    }
}

#[test]
fn tables_that_stand_for_nothing_are_refused() {
    let folder = Folder::with_data();
    for (fields, message) in [
        (
            "[[field]]\nname = \"A*\"\nkind = \"number\"\n",
            "bad.toml: line 5: `field.A*.name`: no column matches `A*`; the nearest are `ad`, `age`",
        ),
        (
            "[[field]]\nname = \"click*\"\nkind = \"number\"\n",
            "bad.toml: line 5: `field.click*.name`: no column is left for `click*`: other fields read all columns that \
             match, or they are the label or the weight",
        ),
        (
            "[[field]]\nname = \"a*\"\nkind = \"categorical\"\nmin_cont = 3\n",
            "bad.toml: line 7: `field.ad.min_cont`: unknown key; the nearest known one is `min_count`",
        ),
        (
            "[[field]]\nnames = [\"ad\", \"age\"]\nname = \"x\"\nkind = \"categorical\"\n",
            "bad.toml: line 5: `field.0.names`: must not be set beside `name`: each name is that of a field and of its \
             column",
        ),
        (
            "[[field]]\nnames = \"ad\"\nkind = \"categorical\"\n",
            "bad.toml: line 5: `field.0.names`: must be a list of names, such as [\"C1\", \"C2\"], but is \"ad\"",
        ),
        (
            "[[field]]\nname = \"a*\"\ncolumn = \"a*\"\nkind = \"categorical\"\n",
            "`train.csv`: has no column `a*` for field `a*`, the nearest is `ad`",
        ),
        (
            "[field_defaults]\ntop = 0\n[[field]]\nname = \"a*\"\nkind = \"categorical\"\n",
            "bad.toml: line 5: `field_defaults.top`: must be at least 1, but is 0",
        ),
    ] {
        folder.write("bad.toml", config(fields));
        let outcome = folder.call(&format!("{TRAIN} --config bad.toml"));
        assert!(outcome.stderr.contains(message), "{fields}\n{}", outcome.stderr);
    }
}
