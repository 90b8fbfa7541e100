//! Compares the pages in `docs/` and the README with the program: every key is explained, and every example is a valid
//! run.
//!
//! The keys come from the program itself: its answer to an unknown key lists the known keys of the section.

use deepcross::train::{RunConfig, TrainError};
use std::collections::BTreeSet;
use std::path::Path;

/// A key that is not near to any known key.
const STRANGE: &str = "zzzzzzzzzzzzzzzzzzzzzzzzzzzz";

fn page(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The keys that the program knows, from its problem with an unknown key.
fn known_keys(section: &str) -> BTreeSet<String> {
    let table = match section {
        "field" => "[[field]]\nname = \"a\"\nkind = \"number\"".to_owned(),
        _ => format!("[{section}]"),
    };
    let Err(TrainError::Config { problems, .. }) =
        RunConfig::parse(&format!("{table}\n{STRANGE} = 1"), &[], "run.toml")
    else {
        panic!("`{section}.{STRANGE}` was accepted");
    };
    let known = problems.iter().filter(|problem| problem.contains(STRANGE));
    let known =
        known.filter_map(|problem| problem.split_once("the known keys are ")).map(|(_, keys)| keys);
    known.flat_map(|keys| keys.split(", ").map(str::to_owned)).collect()
}

/// The first cells of the tables in a section of a page, if they are code: "| `key` | …".
fn documented_keys(page: &str, heading: &str) -> BTreeSet<String> {
    let (_, section) = page.split_once(&format!("\n## {heading}\n")).expect("the section");
    let section = section.split("\n## ").next().unwrap_or_default();
    let (keys, _) = section.split_once("```toml").expect("an example after the keys");
    let rows = keys.lines().filter_map(|line| line.strip_prefix("| `"));
    rows.filter_map(|row| row.split_once('`')).map(|(key, _)| key.to_owned()).collect()
}

/// The TOML examples of a page, one after the other.
fn examples(page: &str) -> String {
    let blocks = page.split("```toml\n").skip(1);
    blocks.filter_map(|block| block.split_once("```")).map(|(example, _)| example).collect()
}

#[test]
fn every_key_is_explained_and_no_other() {
    let page = page("docs/configuration.md");
    for (section, heading) in [
        ("data", "`[data]`"),
        ("field", "`[[field]]`"),
        ("model", "`[model]`"),
        ("train", "`[train]`"),
        ("distributed", "`[distributed]`"),
    ] {
        let known = known_keys(section);
        assert!(known.len() > 2, "{section}: {known:?}");
        assert_eq!(documented_keys(&page, heading), known, "the keys of {heading}");
    }
}

#[test]
fn examples_are_valid_runs() {
    for name in ["README.md", "docs/configuration.md"] {
        let text = examples(&page(name));
        assert!(!text.is_empty(), "{name} has no example");
        if let Err(error) = RunConfig::parse(&text, &[], name) {
            panic!("{error}");
        }
    }
}

#[test]
fn configurations_among_the_examples_are_valid() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    let files = std::fs::read_dir(folder).expect("the folder of examples");
    let paths = files.map(|file| file.expect("a file").path());
    let configs: Vec<_> =
        paths.filter(|path| path.extension().is_some_and(|e| e == "toml")).collect();
    let runs = configs.iter().filter(|path| !path.ends_with("Cargo.toml"));
    let mut n_runs = 0;
    for path in runs {
        let text = std::fs::read_to_string(path).expect("a readable file");
        if let Err(error) = RunConfig::parse(&text, &[], &path.display().to_string()) {
            panic!("{error}");
        }
        n_runs += 1;
    }
    assert!(n_runs >= 3, "{configs:?}");
}

#[test]
fn every_test_of_the_derivation_is_cited_and_no_other() {
    let folder = "crates/deepcross-layers/tests/it/derivation";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(folder);
    let files = std::fs::read_dir(path).expect("the folder of the tests");
    let names = files.map(|file| file.expect("a file").file_name().into_string().expect("a name"));
    let sources: String = names.map(|name| page(&format!("{folder}/{name}"))).collect();
    let tests = sources.lines().filter_map(|line| line.trim_start().strip_prefix("fn "));
    let tests = tests.filter_map(|test| test.split_once('(')).map(|(name, _)| name);
    let tests: BTreeSet<_> = tests.filter(|name| name.starts_with("derivation_")).collect();
    assert!(tests.len() > 20, "{tests:?}");
    let text = page("docs/residual-gradient.md");
    let code = text.split('`').filter(|code| code.starts_with("derivation_"));
    assert_eq!(code.collect::<BTreeSet<_>>(), tests);
}

#[test]
fn the_readme_begins_with_two_commands() {
    let page = page("README.md");
    let (_, block) = page.split_once("```sh\n").expect("a block of commands");
    let (block, _) = block.split_once("```").expect("the end of the block");
    let commands: Vec<_> = block.lines().filter(|line| !line.is_empty()).collect();
    assert_eq!(commands.len(), 2, "{commands:?}");
    assert!(commands.iter().all(|command| command.starts_with("cargo ")), "{commands:?}");
}

/// All pages for readers, relative to the root of the repository.
fn pages() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let entries = |folder: &str| {
        let entries = std::fs::read_dir(root.join(folder)).expect("a folder that can be read");
        entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8"))
    };
    let docs = entries("docs").filter(|name| name.ends_with(".md"));
    let crates = entries("crates").map(|name| format!("crates/{name}/README.md"));
    let others = ["README.md", "CHANGELOG.md", "benches/README.md", "fuzz/README.md"];
    let others = others.map(str::to_owned).into_iter();
    others.chain(docs.map(|name| format!("docs/{name}"))).chain(crates).collect()
}

/// The files that a page names: the targets of its links, and in code the paths from the root of the repository.
fn named_files(name: &str, text: &str) -> Vec<String> {
    let folder = name.rsplit_once('/').map_or("", |(folder, _)| folder);
    let links = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    let links =
        links.filter(|link| !link.contains("://")).filter_map(|link| link.split('#').next());
    let links = links.filter(|link| !link.is_empty()).map(|link| format!("{folder}/{link}"));
    // `fuzz/` is left out: runs of the targets write files there.
    let folders = ["crates/", "docs/", "examples/", "benches/"];
    let code = text.split('`').filter(|code| folders.iter().any(|start| code.starts_with(start)));
    let code = code.filter(|code| !code.contains([' ', '*', '\n', '{']));
    links.chain(code.map(str::to_owned)).collect()
}

#[test]
fn files_that_pages_name_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let (mut missing, mut n_files) = (Vec::new(), 0);
    for name in pages() {
        for file in named_files(&name, &page(&name)) {
            n_files += 1;
            if !root.join(file.trim_start_matches('/')).exists() {
                missing.push(format!("{name} names {file}"));
            }
        }
    }
    assert_eq!(missing, Vec::<String>::new());
    assert!(n_files > 100, "only {n_files} names were found");
}
