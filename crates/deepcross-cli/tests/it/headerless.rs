//! Tests of files without a header, which may lack the label and the weight when a model predicts.

use crate::Folder;

/// A folder with a model of `age` and `ad`, trained on rows of a label, these fields and a weight.
fn weighted() -> Folder {
    let folder = Folder::new();
    let rows = (0..200).map(|i| format!("{},{},{},{}\n", i % 2, i % 7, 20 + i % 9, 1 + i % 3));
    folder.write("train.csv", rows.collect::<String>());
    folder.write("run.toml", CONFIG);
    folder.succeed("train --config run.toml --data train.csv --out model.dcx");
    folder.write("all.csv", "1,3,25,2\n0,4,26,1\n");
    folder.write("nolabel.csv", "3,25,2\n4,26,1\n");
    folder.write("noweight.csv", "1,3,25\n0,4,26\n");
    folder.write("neither.csv", "3,25\n4,26\n");
    folder.write("other.csv", "25,x,3\n26,y,4\n");
    folder
}

const CONFIG: &str = r#"[data]
columns = ["click", "ad", "age", "w"]
label = "click"
weight = "w"

[[field]]
name = "ad"
kind = "categorical"

[[field]]
name = "age"
kind = "number"

[model]
kind = "lr"
"#;

#[test]
fn a_row_that_lacks_the_label_or_the_weight_is_refused_unless_its_columns_are_named() {
    let folder = weighted();
    let predict = |data: &str| format!("predict --model model.dcx --data {data}");
    let expected = folder.succeed(&predict("all.csv")).stdout;
    assert_eq!(folder.succeed(&predict("neither.csv")).stdout, expected);
    for data in ["nolabel.csv", "noweight.csv"] {
        let message = format!(
            "`{data}`: has 3 fields without a header, so that `click` or `w` is absent, and nothing \
             shows which; name the columns of the file with `columns` (in a call `--columns`), such as \
             `ad,age,w`"
        );
        folder.fail(&predict(data), 1, &message);
        folder.fail(&format!("convert --data {data} --config run.toml --to csv"), 1, &message);
    }
    for (data, columns) in [
        ("nolabel.csv", "ad,age,w"),
        ("noweight.csv", "click,ad,age"),
        ("neither.csv", "ad,age"),
        ("all.csv", "click,ad,age,w"),
        ("other.csv", "age,zz,ad"),
    ] {
        let found = folder.succeed(&format!("{} --columns {columns}", predict(data))).stdout;
        assert_eq!(found, expected, "{data}");
    }
    let outcome = folder.call(&format!("{} --columns ad,w", predict("neither.csv")));
    assert!(outcome.stderr.contains("`neither.csv`: has no column `age`"), "{}", outcome.stderr);
    // An evaluation needs both.
    folder.succeed("evaluate --model model.dcx --data all.csv --columns click,ad,age,w");
    folder.fail(
        "evaluate --model model.dcx --data nolabel.csv --columns ad,age,w",
        2,
        "`data.label`: `data.columns` has no column `click`",
    );
}

#[test]
fn without_a_weight_a_row_may_lack_the_label() {
    let folder = weighted();
    folder.write("run.toml", CONFIG.replace("weight = \"w\"\n", ""));
    folder.succeed("train --config run.toml --data train.csv --out model.dcx");
    let expected = folder.succeed("predict --model model.dcx --data all.csv").stdout;
    assert_eq!(folder.succeed("predict --model model.dcx --data nolabel.csv").stdout, expected);
}

#[test]
fn a_file_without_a_header_fits_a_model_of_files_with_one() {
    let folder = Folder::with_model();
    let expected = folder.succeed("predict --model model.dcx --data new.csv").stdout;
    let text = folder.text("new.csv");
    folder.write("bare.csv", text.split_once('\n').unwrap().1);
    let call = "predict --model model.dcx --data bare.csv --columns click,ad,tags,age";
    assert_eq!(folder.succeed(call).stdout, expected);
}

#[test]
fn the_label_and_the_weight_are_not_fields() {
    let folder = weighted();
    for (column, what) in [("click", "label"), ("w", "weight")] {
        let field = format!("\n[[field]]\nname = \"{column}\"\nkind = \"categorical\"\n");
        folder.write("leak.toml", format!("{CONFIG}{field}"));
        let outcome = folder.call("train --config leak.toml --data train.csv --out leak.dcx");
        assert_eq!(outcome.code, Some(2));
        let message = format!("must not be `{column}`, the column of the {what}");
        assert!(outcome.stderr.contains(&message), "{}", outcome.stderr);
    }
}
