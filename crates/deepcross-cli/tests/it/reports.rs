//! The pages of `--report`.

use super::Folder;

const TRAIN: &str = "train --config run.toml --data train.csv --out model.dcx";
const EVALUATE: &str = "evaluate --model model.dcx --data new.csv";

#[test]
fn pages_have_their_parts_and_the_same_bytes_each_time() {
    let folder = Folder::with_data();
    folder.succeed(&format!("{TRAIN} --report train.html"));
    folder.succeed(&format!("{EVALUATE} --report eval.html"));
    let train = folder.text("train.html");
    for part in ["Log loss", "AUC", "Gradient of the weights", "hidden = [8]", "Validation rows"] {
        assert!(train.contains(part), "{part}");
    }
    let eval = folder.text("eval.html");
    for part in ["ROC curve", "Precision–recall curve", "Reliability", "Scores by class", "unseen"]
    {
        assert!(eval.contains(part), "{part}");
    }
    folder.succeed(&format!("{EVALUATE} --threads 1 --report again.html"));
    assert_eq!(folder.text("again.html"), eval);
    let path = folder.path("").display().to_string();
    assert!(!eval.contains(&path) && !train.contains(&path));
}

#[test]
fn a_page_never_replaces_an_input_and_is_whole_or_absent() {
    let folder = Folder::with_model();
    for (call, name) in [
        (format!("{EVALUATE} --report new.csv"), "new.csv"),
        (format!("{EVALUATE} --report model.dcx"), "model.dcx"),
        (format!("{TRAIN} --report run.toml"), "run.toml"),
        (format!("{TRAIN} --report model.dcx"), "model.dcx"),
    ] {
        let before = folder.read(name);
        let outcome = folder.call(&call);
        assert_eq!(outcome.code, Some(2), "{call}: {}", outcome.stderr);
        assert_eq!(folder.read(name), before);
    }
    folder.write("bad.csv", "click,ad,tags,age\n7,a,b,1\n");
    let outcome = folder.call("evaluate --model model.dcx --data bad.csv --report page.html");
    assert_ne!(outcome.code, Some(0));
    assert!(!folder.path("page.html").exists());
}
