//! Numbers, lists and times in the forms in which people and programs write them, through the program.

use crate::Folder;
use std::fmt::Write;

const FIELDS: &str = r#"
[[field]]
name = "price"
kind = "number"

[[field]]
name = "share"
kind = "bucketized"
quantiles = 4
percent = true

[[field]]
name = "tags"
kind = "multi-hot"
list = "LIST"

[model]
kind = "lr"

[train]
epochs = 2
valid_fraction = 0
"#;

/// Rows with numbers whose decimals stand after `mark`, and with lists; each value is within quotes.
fn rows(n: usize, mark: &str, list: impl Fn(usize, usize) -> String) -> String {
    let mut text = "click,price,share,tags\n".to_owned();
    for i in 0..n {
        let price = format!("{}{mark}{:02}", i % 90, i * 7 % 100);
        let share = format!("{}{mark}5%", i * 3 % 100);
        let list = list(i % 5, i % 7).replace('"', "\"\"");
        let click = usize::from(i % 3 == 0);
        // Writing to a string does not fail.
        writeln!(text, "\"{click}\",\"{price}\",\"{share}\",\"{list}\"").unwrap();
    }
    text
}

/// The predictions of a model that was trained on rows in one form, for the rows in all forms.
#[test]
fn the_same_rows_in_other_forms_have_the_same_predictions() {
    let folder = Folder::new();
    let separated = |a: usize, b: usize| format!("t{a}|it's {b}");
    let python = |a: usize, b: usize| format!("['t{a}', \"it's {b}\"]");
    folder.write("points.csv", rows(300, ".", separated));
    folder.write("commas.csv", rows(300, ",", python));
    let config = |data: &str, list: &str| {
        format!("[data]\nlabel = \"click\"\n{data}\n{}", FIELDS.replace("LIST", list))
    };
    folder.write("points.toml", config("", "separated"));
    folder.write("commas.toml", config("decimal = \",\"", "printed"));
    for name in ["points", "commas"] {
        let files = format!("--config {name}.toml --data {name}.csv --out {name}.dcx");
        folder.succeed(&format!("train {files} --threads 1"));
    }
    let predicted = |call: &str| folder.succeed(&format!("predict {call}")).stdout;
    let expected = predicted("--model points.dcx --data points.csv");
    assert_eq!(predicted("--model commas.dcx --data commas.csv"), expected);
    // A model of printed lists and decimal commas reads typed lists and numbers too.
    let json = "{\"price\": 0.00, \"share\": 0.5, \"tags\": [\"t0\", \"it's 0\"]}\n";
    folder.write("rows.jsonl", json);
    let found = predicted("--model commas.dcx --data rows.jsonl");
    assert_eq!(found.lines().nth(1), expected.lines().nth(1));
    let shown = folder.succeed("inspect --model commas.dcx").stdout;
    for part in ["decimal comma", "percentages", "printed lists"] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
}

#[test]
fn values_in_another_form_are_refused_with_what_helps() {
    let folder = Folder::new();
    let config = format!("[data]\nlabel = \"click\"\n{}", FIELDS.replace("LIST", "printed"));
    folder.write("run.toml", config.replace("percent = true", "percent = false"));
    let number = "expected a finite number; it looks like";
    let list = "expected a list as programs print it, such as `[1, 2]`, `['a', 'b']` or `{1,2}`, \
                without lists within it";
    for (row, field, value, expected) in [
        (
            "1,\"1,5\",1,[a]",
            "price",
            "1,5",
            format!("{number} a number with a decimal comma: set `decimal = \",\"` in `[data]`"),
        ),
        (
            "1,1,5%,[a]",
            "share",
            "5%",
            format!("{number} a percentage: `percent = true` reads `5%` as 5"),
        ),
        (
            "1,\"1,234\",1,[a]",
            "price",
            "1,234",
            format!(
                "{number} a number with thousands separators, which are not read: remove them; or, if it is between 1 and \
                 1000, with a decimal comma: set `decimal = \",\"` in `[data]`"
            ),
        ),
        (
            "1,$12.50,1,[a]",
            "price",
            "$12.50",
            format!("{number} an amount with a currency, which is not read: remove the currency"),
        ),
        (
            "1,#DIV/0!,1,[a]",
            "price",
            "#DIV/0!",
            "expected a finite number; if it means that the value is missing, add it to `data.missing`, or to `missing_values` of the field"
                .to_owned(),
        ),
        ("1,1,1,[a", "tags", "[a", list.to_owned()),
    ] {
        folder.write("bad.csv", format!("click,price,share,tags\n0,1,1,[b]\n{row}\n"));
        let message =
            format!("`bad.csv`, line 3 (`{row}`): field `{field}` is `{value}`, {expected}");
        folder.fail("train --config run.toml --data bad.csv --out model.dcx", 1, &message);
    }
}

/// The same model, held-out rows included, from the texts that programs write for the same moments.
#[test]
fn a_moment_is_one_value_in_all_its_texts() {
    let folder = Folder::new();
    let config = "[data]\nlabel = \"click\"\n[[field]]\nname = \"at\"\nkind = \"categorical\"\n\
                  [model]\nkind = \"lr\"\n[train]\nepochs = 2\nvalid_by = \"field:at\"\n";
    folder.write("run.toml", config);
    let models: Vec<_> =
        ["2024-03-% 12:30:00+00:00", "2024-03-%T12:30:00.000Z", "2024-03-%T12:30:00Z"]
            .iter()
            .map(|form| {
                let at = |i: usize| form.replace('%', &format!("{:02}", 1 + i * 5 % 28));
                let rows = (0..400).map(|i| format!("{},{}\n", usize::from(i % 7 < 2), at(i)));
                folder.write("x.csv", format!("click,at\n{}", rows.collect::<String>()));
                folder.succeed("train --config run.toml --data x.csv --out x.dcx --threads 1");
                std::fs::read(folder.path("x.dcx")).unwrap()
            })
            .collect();
    assert!(models.iter().all(|model| *model == models[0]));
    let shown = folder.succeed("inspect --model x.dcx").stdout;
    assert!(shown.contains("spelling: text of times"), "{shown}");
}

#[test]
fn weights_have_decimal_commas_as_numbers_have_them() {
    let folder = Folder::new();
    let rows = |mark: &str| -> String {
        let row = |i: usize| format!("{};{i}{mark}5;{}{mark}25\n", i % 3 / 2, i % 4);
        "click;price;w\n".to_owned() + &(0..60).map(row).collect::<String>()
    };
    folder.write("commas.csv", rows(","));
    folder.write("points.csv", rows("."));
    let field = "[[field]]\nname = \"price\"\nkind = \"number\"\n[model]\nkind = \"lr\"\n";
    let config = "[data]\nlabel = \"click\"\nweight = \"w\"\ndelimiter = \";\"\n";
    folder.write("points.toml", format!("{config}{field}"));
    folder.write("commas.toml", format!("{config}decimal = \",\"\n{field}"));
    for name in ["points", "commas"] {
        folder.succeed(&format!("train --config {name}.toml --data {name}.csv --out {name}.dcx"));
    }
    let evaluated = |call: &str| folder.succeed(&format!("evaluate --json {call}")).stdout;
    let expected = evaluated("--model points.dcx --data points.csv");
    assert_eq!(evaluated("--model commas.dcx --data commas.csv"), expected);
    assert_eq!(evaluated("--model commas.dcx --data points.csv"), expected);
    let outcome = folder.call("train --config points.toml --data commas.csv --out m.dcx");
    let part = "field `w` is `0,25`, expected a finite number of at least 0";
    assert!(outcome.stderr.contains(part), "{}", outcome.stderr);
}

#[test]
fn points_before_three_digits_are_said_if_decimals_follow_a_comma() {
    let folder = Folder::new();
    let config = "[data]\nlabel = \"click\"\ndelimiter = \";\"\ndecimal = \",\"\n[[field]]\nname = \"price\"\nkind = \"KIND\"\n\
                  [[field]]\nname = \"n\"\nkind = \"number\"\n[model]\nkind = \"lr\"\n";
    folder.write("number.toml", config.replace("KIND", "number"));
    folder.write(
        "buckets.toml",
        config.replace("KIND", "bucketized\"\nquantiles = \"4").replace("\"4\"", "4"),
    );
    let write = |name: &str, price: &str| {
        let row = |i: usize| {
            format!("{};{price};{i}\n", i % 3 / 2).replace('#', &(i % 7 + 1).to_string())
        };
        folder.write(name, "click;price;n\n".to_owned() + &(0..60).map(row).collect::<String>());
    };
    write("thousands.csv", "#.234");
    write("decimals.csv", "#.25");
    write("commas.csv", "#,25");
    let warning = "warning: all numbers of `price` with a point have three digits after it, as `1.234` has, and are read as if \
                   decimals followed it, although `decimal` is a comma; if the point separates thousands, remove it\n";
    for kind in ["number", "buckets"] {
        let call = format!("train --config {kind}.toml --out m.dcx --data");
        let said = folder.succeed(&format!("{call} thousands.csv")).stderr;
        assert_eq!(said.matches(warning).count(), 1, "{said}");
        for name in ["decimals.csv", "commas.csv"] {
            folder.succeed(&format!("{call} {name} --strict"));
        }
    }
}
