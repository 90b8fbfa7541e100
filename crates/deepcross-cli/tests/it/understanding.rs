//! Tests of importance, slices and neighbours: what a model relies on, where it is wrong, and which values it takes for
//! alike.

use super::{Folder, csv};
use serde_json::Value;

const EVALUATE: &str = "evaluate --model model.dcx --data train.csv";

fn folder() -> Folder {
    let folder = Folder::with_model();
    folder.write("many.csv", csv(600));
    folder
}

#[test]
fn the_object_has_importance_and_slices_if_asked_for() {
    let folder = folder();
    let parsed = |flags: &str| -> Value {
        let json = folder.succeed(&format!("{EVALUATE} --json{flags}")).stdout;
        serde_json::from_str(&json).unwrap()
    };
    let plain = parsed("");
    assert!(plain.get("importance").or(plain.get("slices")).is_none(), "{plain}");
    let found = parsed(" --importance 2 --slices all --slice-rows 20");
    let importance = &found["importance"];
    assert_eq!((&importance["rows"], &importance["repeats"]), (&200.into(), &2.into()));
    let losses: Vec<_> = importance["fields"].as_array().unwrap().iter().collect();
    assert_eq!(losses.len(), 3);
    assert!(
        losses.is_sorted_by(|a, b| {
            a["log_loss"]["lost"].as_f64() >= b["log_loss"]["lost"].as_f64()
        })
    );
    assert_eq!(importance["all"]["fields"], serde_json::json!(["ad", "tags", "age"]));
    let slices = found["slices"].as_array().unwrap();
    assert!(slices.is_sorted_by(|a, b| a["cost"].as_f64() >= b["cost"].as_f64()));
    for column in ["ad", "age"] {
        let own = || slices.iter().filter(|slice| slice["column"] == column);
        assert_eq!(own().filter_map(|slice| slice["rows"].as_u64()).sum::<u64>(), 200);
        assert!(own().all(|slice| slice["intervals"]["log_loss"]["low"].is_f64()), "{found}");
    }
    assert!(slices.iter().all(|slice| slice["column"] != "tags"), "a row has several tags");
    assert_eq!(parsed(" --importance 2 --slices all --slice-rows 20 --threads 1"), found);
    assert_eq!(parsed(" --importance --importance-rows 50")["importance"]["rows"], 50);
}

#[test]
fn tables_and_page_show_what_was_asked_for() {
    let folder = folder();
    let call =
        "evaluate --model model.dcx --data many.csv --importance --slices ad age --slice-rows 50";
    let outcome = folder.succeed(&format!("{call} --importance-rows 300 --report page.html"));
    for part in
        ["300 rows of 600, chosen by their position", "(all fields)", "costs at least", "ad3"]
    {
        assert!(outcome.stdout.contains(part), "{part}\n{}", outcome.stdout);
    }
    let page = folder.text("page.html");
    for part in ["Log loss added", "AUC lost", "Calibration ratio of the worst slices", "ad: ad3"] {
        assert!(page.contains(part), "{part}");
    }
    assert_eq!(page.matches("<svg").count(), 7);
    assert_eq!(page.matches("<title>").count(), page.matches("</title>").count());
    let outside =
        page.replace("http://www.w3.org/2000/svg", "").replace("http://www.w3.org/1999/xhtml", "");
    assert!(!outside.contains("http:") && !outside.contains("src=") && !outside.contains("NaN"));
    folder.succeed(&format!("{call} --importance-rows 300 --threads 1 --report again.html"));
    assert_eq!(folder.text("again.html"), page);
    let plain = folder.succeed("evaluate --model model.dcx --data many.csv --report plain.html");
    assert!(!plain.stdout.contains("importance") && !folder.text("plain.html").contains("Slices"));
}

#[test]
fn wrong_columns_are_reported_before_any_work() {
    let folder = folder();
    for (flags, message) in [
        (
            "--slices agee",
            "`--slices agee`: the data have no column of this name; the nearest is `age`",
        ),
        ("--slices elephant", "`--slices elephant`: the data have no column of this name"),
        ("--slices click", "`--slices click`: is the label, which predictions are compared with"),
        (
            "--slices ad tags",
            "`--slices tags`: is read as multi-hot: a row has several values, but must be in one slice",
        ),
    ] {
        folder.fail(&format!("{EVALUATE} {flags}"), 2, message);
    }
    for flags in ["--importance 1", "--importance-rows 10", "--slice-rows 5", "--importance none"] {
        assert_eq!(folder.call(&format!("{EVALUATE} {flags}")).code, Some(2), "{flags}");
    }
}

#[test]
fn columns_without_a_field_have_slices_too() {
    let folder = folder();
    let rows: String = csv(200)
        .lines()
        .enumerate()
        .map(|(n, line)| match n {
            0 => format!("{line},day\n"),
            _ => format!("{line},{}\n", if n % 2 == 0 { "monday" } else { "" }),
        })
        .collect();
    folder.write("days.csv", rows);
    let found = folder.succeed("evaluate --model model.dcx --data days.csv --slices day --json");
    let found: Value = serde_json::from_str(&found.stdout).unwrap();
    let mut kinds: Vec<_> = found["slices"]
        .as_array()
        .unwrap()
        .iter()
        .map(|slice| slice["value"].to_string())
        .collect();
    kinds.sort();
    assert_eq!(kinds, [r#"{"kind":"missing"}"#, r#"{"kind":"value","text":"monday"}"#]);
}

#[test]
fn rows_of_a_group_are_ranked_together() {
    let folder = folder();
    let parsed = |call: &str| -> Value {
        serde_json::from_str(&folder.succeed(&format!("{call} --json")).stdout).unwrap()
    };
    assert!(parsed(EVALUATE).get("groups").is_none());
    let found = parsed(&format!("{EVALUATE} --by ad"));
    let groups = &found["groups"];
    assert_eq!((&groups["column"], &groups["rows_without_group"]), (&"ad".into(), &0.into()));
    let auc = &groups["metrics"]["auc"];
    assert_eq!((&auc["groups"], &auc["left_out"]), (&7.into(), &0.into()));
    let [mrr, ndcg] = ["mrr", "ndcg"].map(|key| groups["metrics"][key]["mean"].as_f64().unwrap());
    assert!(0.0 < mrr && mrr <= 1.0 && 0.0 < ndcg && ndcg <= 1.0 && groups["at"] == 10, "{groups}");
    let first = parsed(&format!("{EVALUATE} --by ad --at 1"));
    let first = first["groups"]["metrics"]["ndcg"]["mean"].as_f64().unwrap();
    assert!(first <= mrr, "{first} {mrr}");
    assert!(auc["mean"].is_f64() && auc["by_clicks"].is_f64(), "{auc}");
    let sliced = parsed(&format!("{EVALUATE} --by ad --slices age ad --threads 1"));
    assert_eq!(&sliced["groups"], groups);

    // A row without a value is in no group, and a column need not have a field.
    let days = csv(200);
    let rows = days.lines().enumerate().map(|(n, line)| match n {
        0 => format!("{line},query\n"),
        _ => format!("{line},{}\n", if n % 4 == 0 { String::new() } else { (n / 10).to_string() }),
    });
    folder.write("queries.csv", rows.collect::<String>());
    let call = "evaluate --model model.dcx --data queries.csv --by query";
    let found = parsed(call);
    assert_eq!(found["groups"]["rows_without_group"], 50);
    assert_eq!(found["groups"]["metrics"]["auc"]["groups"], 20);
    // A group is the same in each spelling of its value.
    let spelled = |(n, line): (usize, &str)| match n {
        0 => format!("{line}\n"),
        _ if n % 2 == 0 && !line.ends_with(',') => format!("{line}.0\n"),
        _ => format!("{line}\n"),
    };
    let queries = folder.text("queries.csv");
    folder.write("spelled.csv", queries.lines().enumerate().map(spelled).collect::<String>());
    let other = parsed("evaluate --model model.dcx --data spelled.csv --by query");
    assert_eq!(other["groups"], found["groups"]);
    let text = folder.succeed(&format!("{call} --report page.html")).stdout;
    let title = "groups: the order of rows with the same `query`; 50 rows without a value left out";
    assert!(text.contains(title) && text.contains("mean over groups"), "{text}");
    assert!(text.contains("MRR") && text.contains("NDCG@10"), "{text}");
    assert!(folder.text("page.html").contains("mean over groups"));
    for flags in ["--at 5", "--by ad --at 0", "--by ad --at none"] {
        assert_eq!(folder.call(&format!("{EVALUATE} {flags}")).code, Some(2), "{flags}");
    }
    folder.fail(
        &format!("{EVALUATE} --by agee"),
        2,
        "`--by agee`: the data have no column of this name; the nearest is `age`",
    );
    // The whole value is the group, even if a field reads it as a list.
    folder.succeed(&format!("{EVALUATE} --by tags"));
    folder.fail(
        &format!("{EVALUATE} --by click"),
        2,
        "`--by click`: is the label, which predictions are compared with",
    );
}

#[test]
fn neighbours_are_named_or_the_message_says_why_not() {
    let folder = folder();
    let outcome = folder.succeed("inspect --model model.dcx --neighbours ad=ad3 --top 2");
    assert_eq!(outcome.stdout.lines().filter(|line| line.contains(" ad")).count(), 2 + 1);
    assert!(outcome.stdout.starts_with("ad = ad3: the nearest 2 values"), "{}", outcome.stdout);
    for (asked, message) in [
        (
            "ad",
            "must be the name of a field and one of its values, as in `job=nurse`; a name with `=` may stand in quotes, as in '\"a=b\"=nurse'",
        ),
        ("add=ad3", "the model has no field `add`; the nearest is `ad`"),
        (
            "ad=adx",
            "field `ad`: `adx` is not in its vocabulary, since it never occurred in training; the nearest is `ad0`",
        ),
        (
            "age=30",
            "field `age`: its values do not have a name and an embedding each; its encoding is min-max from 18 to 73, missing: the mean 44.6857",
        ),
    ] {
        let call = format!("inspect --model model.dcx --neighbours {asked}");
        folder.fail(&call, 2, &format!("`--neighbours {asked}`: {message}"));
    }
    assert_eq!(folder.call("inspect --model model.dcx --top 3").code, Some(2));
}
