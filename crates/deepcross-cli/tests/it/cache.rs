//! Tests of the cache from outside: it is made, used, found stale, refused by a full disk, and left by a killed run.

use crate::{Folder, csv};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const TRAIN: &str = "train --config run.toml --data train.csv --out model.dcx --cache rows.dcc";

fn in_folder(folder: &Folder) -> Vec<String> {
    let entries = std::fs::read_dir(folder.folder.path()).unwrap();
    let mut names: Vec<_> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_cache_is_made_used_and_rebuilt() {
    let folder = Folder::with_model();
    let expected = folder.read("model.dcx");
    let outcome = folder.succeed(TRAIN);
    assert!(outcome.stderr.contains("wrote the cache rows.dcc: "), "{}", outcome.stderr);
    assert!(folder.read("model.dcx") == expected);
    let outcome = folder.succeed(TRAIN);
    assert!(outcome.stderr.contains("from the cache rows.dcc"), "{}", outcome.stderr);
    assert!(folder.read("model.dcx") == expected);
    folder.write("train.csv", csv(201));
    let outcome = folder.succeed(TRAIN);
    let said =
        "rows.dcc was made for another run; rebuilding it:\n  the training file `train.csv` had";
    assert!(outcome.stderr.contains(said), "{}", outcome.stderr);
    let outcome = folder.succeed("encode --config run.toml --data train.csv --out other.dcc");
    assert!(outcome.stderr.contains("wrote other.dcc: "), "{}", outcome.stderr);
    assert!(folder.read("other.dcc") == folder.read("rows.dcc"));
    let names = ["model.dcx", "new.csv", "other.dcc", "rows.dcc", "run.toml", "train.csv"];
    assert_eq!(in_folder(&folder), names);
}

#[test]
fn a_run_from_a_model_uses_rows_that_the_model_encoded() {
    let folder = Folder::with_model();
    folder.write("today.csv", csv(300));
    folder.succeed("encode --model model.dcx --data today.csv --out today.dcc");
    let train = "train --config run.toml --data today.csv --init model.dcx --out today.dcx";
    folder.succeed(train);
    let expected = folder.read("today.dcx");
    let outcome = folder.succeed(&format!("{train} --cache today.dcc"));
    assert!(outcome.stderr.contains("from the cache today.dcc"), "{}", outcome.stderr);
    assert!(folder.read("today.dcx") == expected);
}

/// The fields are those of the columns that the files had, although the run does not see them.
#[test]
fn a_run_without_files_reads_the_cache_alone() {
    let folder = Folder::with_model();
    let expected = folder.read("model.dcx");
    folder.succeed("encode --config run.toml --data train.csv --out rows.dcc");
    std::fs::remove_file(folder.path("train.csv")).unwrap();
    let train = "train --config run.toml --cache rows.dcc --out model.dcx";
    let outcome = folder.succeed(&format!("{train} --report page.html"));
    assert!(outcome.stderr.contains("from the cache rows.dcc"), "{}", outcome.stderr);
    assert!(folder.read("model.dcx") == expected);
    assert!(String::from_utf8(folder.read("page.html")).unwrap().contains("rows.dcc"));
    let of_other = "`rows.dcc` is the cache of another run";
    let advice = "to make the cache from its files: deepcross encode --config run.toml";
    folder.fail(
        &format!("{train} --seed 9"),
        1,
        &format!(
            "{of_other}: `train.split_seed` was 1, and is 9\n{advice} --data FILE --out rows.dcc"
        ),
    );
    folder.fail(
        &format!("{train} --init model.dcx"),
        1,
        &format!(
            "{of_other}: the rows were encoded by another encoder\n\
             {advice} --model model.dcx --data FILE --out rows.dcc"
        ),
    );
    folder.fail(
        &train.replace("rows.dcc", "none.dcc"),
        1,
        &format!("`none.dcc`: no such file\n{advice} --data FILE --out none.dcc"),
    );
    assert!(folder.read("model.dcx") == expected);
}

#[test]
fn patterns_of_fields_stand_for_the_columns_of_the_cache() {
    let folder = Folder::with_data();
    let config = String::from_utf8(folder.read("run.toml")).unwrap();
    let fields = config.find("[[field]]").unwrap();
    let rest = &config[fields..];
    let end = rest.find("\n[model").or_else(|| rest.find("\n[train")).unwrap();
    let pattern = "[[field]]\nname = \"*\"\nkind = \"categorical\"\nmin_count = 1\n";
    folder.write("run.toml", format!("{}{pattern}{}", &config[..fields], &rest[end..]));
    folder.succeed("train --config run.toml --data train.csv --out model.dcx");
    let expected = folder.read("model.dcx");
    folder.succeed("encode --config run.toml --data train.csv --out rows.dcc");
    std::fs::remove_file(folder.path("train.csv")).unwrap();
    folder.succeed("train --config run.toml --cache rows.dcc --out model.dcx");
    assert!(folder.read("model.dcx") == expected);
}

/// Kills runs at any moment: each leaves no cache, or a whole one.
#[test]
fn a_killed_run_leaves_no_partial_cache() {
    let folder = Folder::with_data();
    folder.write("train.csv", csv(60_000));
    let (mut none, mut whole) = (0, 0);
    for milliseconds in [5, 40, 80, 120, 160, 200, 300, 400, 600, 900] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_deepcross"))
            .args(TRAIN.split(' '))
            .current_dir(folder.folder.path())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(milliseconds));
        child.kill().unwrap();
        child.wait().unwrap();
        match deepcross_data::cache::Cache::open(&folder.path("rows.dcc")) {
            Err(error) => {
                assert!(matches!(error, deepcross_data::DataError::MissingFile { .. }), "{error}");
                none += 1;
            }
            Ok(cache) => {
                cache.verify().unwrap();
                std::fs::remove_file(folder.path("rows.dcc")).unwrap();
                whole += 1;
            }
        }
    }
    assert!(none > 0, "{none} {whole}");
    let begun = Instant::now();
    folder.succeed(TRAIN);
    assert!(begun.elapsed() < Duration::from_secs(60));
    let is_left = |name: &String| name.ends_with(".tmp") && name.contains("rows.dcc");
    assert!(!in_folder(&folder).iter().any(is_left), "what was left is removed");
}

/// Writes the cache to a full file system of 64 KiB in a separate name space, if the system allows one.
#[test]
fn a_full_disk_costs_the_cache_and_not_the_run() {
    let folder = Folder::with_data();
    folder.write("train.csv", csv(60_000));
    std::fs::create_dir(folder.path("full")).unwrap();
    let script = "mount -t tmpfs -o size=64k full full && { \"$0\" \"$@\"; code=$?; ls -A full; exit $code; }";
    let on_full_disk = |arguments: &str| {
        Command::new("unshare")
            .args(["-rm", "sh", "-c", script, env!("CARGO_BIN_EXE_deepcross")])
            .args(arguments.split(' '))
            .current_dir(folder.folder.path())
            .output()
            .ok()
    };
    if !on_full_disk("--version").is_some_and(|output| output.status.success()) {
        println!("skipped: no name spaces here");
        return;
    }
    let train = "train --config run.toml --data train.csv --set train.epochs=1";
    let output = on_full_disk(&format!("{train} --out model.dcx --cache full/rows.dcc")).unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success() && output.stdout.is_empty(), "{said}");
    assert!(said.contains("warning: no cache") && said.contains("full/rows.dcc"), "{said}");
    folder.succeed(&format!("{train} --out other.dcx"));
    assert!(folder.read("model.dcx") == folder.read("other.dcx"));
    let encode = "encode --config run.toml --data train.csv --out full/rows.dcc";
    let output = on_full_disk(encode).unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0), "{said}");
    assert!(said.contains("full/rows.dcc") && said.contains("cannot be written"), "{said}");
}
