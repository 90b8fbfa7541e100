//! Tests of `predict` with several models, whose probabilities are averaged.

use crate::{CONFIG, Folder, csv};

const PREDICT: &str = "predict --data new.csv";

/// A folder with `a.dcx`, a model of all fields, `b.dcx` with another seed, and `c.dcx`, which does not read `age`.
fn models() -> Folder {
    let folder = Folder::with_data();
    let train = "train --config run.toml --data train.csv";
    folder.succeed(&format!("{train} --out a.dcx"));
    folder.succeed(&format!("{train} --set train.seed=2 --set train.epochs=5 --out b.dcx"));
    folder.succeed(&format!("{train} --unset field.age --set train.seed=3 --out c.dcx"));
    folder
}

/// The columns of a CSV of numbers, each with its name.
fn columns(text: &str) -> Vec<(String, Vec<f64>)> {
    let mut lines = text.lines();
    let names = lines.next().unwrap_or_default().split(',');
    let mut columns: Vec<_> = names.map(|name| (name.to_owned(), Vec::new())).collect();
    for line in lines {
        for ((_, values), value) in columns.iter_mut().zip(line.split(',')) {
            values.push(value.parse().unwrap());
        }
    }
    columns
}

/// The probabilities that a call with these models prints.
fn probabilities(folder: &Folder, models: &str) -> Vec<f64> {
    let text = folder.succeed(&format!("{PREDICT} --model {models}")).stdout;
    columns(&text).swap_remove(0).1
}

#[test]
fn the_probability_of_several_models_is_the_mean_of_theirs() {
    let folder = models();
    folder.succeed("calibrate --model b.dcx --data train.csv --method platt --out d.dcx");
    let single = ["a.dcx", "d.dcx", "c.dcx"].map(|model| probabilities(&folder, model));
    let call =
        format!("{PREDICT} --with-spread --with-logit --threads 1 --model a.dcx d.dcx c.dcx");
    let text = folder.succeed(&call).stdout;
    let found = columns(&text);
    let names: Vec<_> = found.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["probability", "logit", "spread"]);
    assert_eq!(found[0].1.len(), 20);
    for row in 0..20 {
        let p = single.iter().map(|values| values[row]);
        let mean = p.clone().sum::<f64>() / 3.0;
        let spread = (p.map(|p| (p - mean).powi(2)).sum::<f64>() / 3.0).sqrt();
        let expected = [mean, (mean / (1.0 - mean)).ln(), spread];
        for ((name, values), expected) in found.iter().zip(expected) {
            assert!((values[row] - expected).abs() < 1e-6, "{name} of row {row}: {text}");
        }
    }
    assert!(found[2].1.iter().all(|spread| *spread > 0.0), "{text}");
    for call in
        [call.replace("--threads 1", "--threads 3"), call.replace("a.dcx d.dcx", "d.dcx a.dcx")]
    {
        assert_eq!(folder.succeed(&call).stdout, text, "{call}");
    }
}

#[test]
fn a_model_named_twice_has_its_own_probabilities() {
    let folder = models();
    let twice = format!("{PREDICT} --model a.dcx a.dcx");
    let once = folder.succeed(&format!("{PREDICT} --model a.dcx")).stdout;
    assert_eq!(folder.succeed(&twice).stdout, once);
    let spread = folder.succeed(&format!("{twice} --with-spread")).stdout;
    assert!(spread.lines().skip(1).all(|line| line.ends_with(",0")), "{spread}");
    folder.fail(
        &format!("{PREDICT} --with-spread --model a.dcx"),
        2,
        "`--with-spread` needs several models, or one with several members (`train.members`), but `--model` names one with one member",
    );
}

#[test]
fn several_models_write_all_formats_with_columns_beside() {
    let folder = models();
    let flags = "--model a.dcx c.dcx --with ad age --with-row --with-logit --with-spread";
    let csv = folder.succeed(&format!("{PREDICT} {flags}")).stdout;
    assert!(csv.starts_with("ad,age,row,probability,logit,spread\nad0,18,0,"), "{csv}");
    folder.succeed(&format!("{PREDICT} {flags} --out p.jsonl"));
    folder.succeed(&format!("{PREDICT} {flags} --out p.parquet"));
    for name in ["p.jsonl", "p.parquet"] {
        let found = folder.succeed(&format!("convert --data {name} --to csv")).stdout;
        assert_eq!(found, csv, "{name}");
    }
    // All models read the rows once, so that they may come from a pipe.
    let mut piped = folder.program();
    let call = format!("predict --data - --format csv {flags}");
    piped.args(call.split(' ')).write_stdin(folder.read("new.csv"));
    assert_eq!(String::from_utf8(piped.output().unwrap().stdout).unwrap(), csv);
    folder.succeed("convert --data new.csv --out new.parquet");
    let parquet = format!("predict --data new.parquet {flags}");
    assert_eq!(folder.succeed(&parquet).stdout, csv);
}

#[test]
fn a_row_that_one_model_cannot_read_has_no_probability() {
    let folder = Folder::with_data();
    folder.write("run.toml", CONFIG.replace("[data]", "[data]\nbad_rows = \"skip\""));
    let train = "train --config run.toml --data train.csv";
    folder.succeed(&format!("{train} --out a.dcx"));
    folder.succeed(&format!("{train} --unset field.age --out c.dcx"));
    let good = csv(60);
    let mut lines: Vec<_> = good.lines().map(str::to_owned).collect();
    lines[40] = "0,ad1,t1,old".to_owned();
    folder.write("new.csv", lines.join("\n"));
    let predict = |models: &str| -> Vec<String> {
        let text = folder.succeed(&format!("{PREDICT} --model {models} --with-row")).stdout;
        text.lines().map(str::to_owned).collect()
    };
    // The row is bad for the model that reads the field alone.
    assert!(!predict("c.dcx")[40].ends_with(','));
    for models in ["a.dcx c.dcx", "c.dcx a.dcx"] {
        let found = predict(models);
        assert_eq!((found.len(), found[40].as_str()), (61, "39,"), "{models}");
        folder.write("good.csv", &good);
        let whole =
            folder.succeed(&format!("predict --data good.csv --model {models} --with-row")).stdout;
        let others = whole.lines().zip(&found).filter(|(line, found)| line == found).count();
        assert_eq!(others, 60, "{models}");
    }
}

#[test]
fn models_that_cannot_predict_together_are_refused() {
    let folder = models();
    let train = "train --config run.toml --data train.csv --out other.dcx";
    folder.succeed(&format!("{train} --set data.missing=[\"\",\"?\"]"));
    folder.fail(
        &format!("{PREDICT} --model a.dcx other.dcx"),
        2,
        "`a.dcx` and `other.dcx` cannot predict together: `data.missing` is [\"\"] in `a.dcx`, and [\"\", \"?\"] in \
         `other.dcx`",
    );
    folder.write("new.csv", "ad,tags\nad1,t1\n");
    folder.succeed(&format!("{PREDICT} --model c.dcx"));
    let call = format!("{PREDICT} --model c.dcx b.dcx");
    folder.fail(&call, 1, "`b.dcx`: `new.csv`: has no column `age` for field `age`");
    let beside = "predict --data new.csv --model a.dcx b.dcx --out b.dcx";
    assert_eq!(folder.call(beside).code, Some(2));
}

#[test]
fn warnings_and_counts_name_the_model() {
    let folder = models();
    folder.write("new.csv", csv(40).replace(",ad", ",new").replacen(",new", ",ad", 1));
    let several = folder.succeed(&format!("{PREDICT} --model a.dcx c.dcx")).stderr;
    for name in ["a.dcx", "c.dcx"] {
        assert!(several.contains(&format!("warning: `{name}`: ")), "{several}");
        assert!(several.contains(&format!("`{name}`: unusual values")), "{several}");
    }
    let one = folder.succeed(&format!("{PREDICT} --model a.dcx")).stderr;
    assert!(one.contains("warning: ") && !one.contains("a.dcx"), "{one}");
    let strict = folder.call(&format!("{PREDICT} --model c.dcx a.dcx --strict --out p.csv"));
    assert!(strict.stderr.contains("error: `c.dcx`: "), "{}", strict.stderr);
    assert!(strict.code == Some(1) && !folder.path("p.csv").exists());
}
