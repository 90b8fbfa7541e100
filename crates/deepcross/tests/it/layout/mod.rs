//! The order inside each crate: modules import from modules that stand before them, and no circle ties many files.
//!
//! The order is that of [`orders::ORDERS`], from the bottom to the top; the root of a crate (`lib.rs` or `main.rs`) is
//! above all.
//! What is compiled for tests alone may import as it likes.

mod circles;
mod float_functions;
mod modules;
mod orders;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use circles::circles;
use modules::{ModulePath, Modules};
use orders::ORDERS;

/// The most files that may import each other in a circle.
const LARGEST_CIRCLE: usize = 3;

/// The operations of autodiff: each is a variant of one enum and a file, and the enum's table names them all.
const OPERATIONS: &str = "deepcross-autodiff";

fn src(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name).join("src")
}

/// The crates of the workspace that have sources of their own.
fn crates() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let entries = std::fs::read_dir(folder).expect("the folder of crates can be read");
    let names =
        entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8"));
    let mut names: Vec<_> = names.filter(|name| src(name).is_dir()).collect();
    names.sort();
    names
}

/// The place of a module in the order of its crate; the root stands above all.
fn place(order: &[&[&str]], path: &ModulePath) -> Option<usize> {
    let Some(top) = path.first() else { return Some(order.len()) };
    order.iter().position(|level| level.contains(&top.as_str()))
}

/// The imports of a crate that lead upward, and the modules that have no place in its order.
fn upward(modules: &Modules, order: &[&[&str]]) -> Vec<String> {
    let mut problems = BTreeSet::new();
    for (path, module) in modules.iter() {
        let Some(own) = place(order, path) else {
            problems.insert(format!("`{}` has no place in the order", path[0]));
            continue;
        };
        for imported in modules.imports(path, module) {
            if place(order, imported).is_some_and(|other| other > own) {
                let file = module.file.display();
                problems.insert(format!(
                    "{file} imports from `{}`, which stands above it",
                    imported.join("::")
                ));
            }
        }
    }
    problems.into_iter().collect()
}

/// The names of an order that are no modules of the crate.
fn unknown(modules: &Modules, order: &[&[&str]]) -> Vec<String> {
    let tops: BTreeSet<_> = modules.iter().filter_map(|(path, _)| path.first()).collect();
    let names = order.iter().copied().flatten();
    names
        .filter(|name| !tops.contains(&(**name).to_owned()))
        .map(|name| format!("no module `{name}`"))
        .collect()
}

#[test]
fn modules_import_from_modules_before_them() {
    let mut problems = Vec::new();
    for (name, order) in ORDERS {
        let modules = Modules::read(&src(name));
        let found = [upward(&modules, order), unknown(&modules, order)].concat();
        problems.extend(found.into_iter().map(|problem| format!("{name}: {problem}")));
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn every_crate_with_folders_has_an_order() {
    let ordered: BTreeSet<_> = ORDERS.iter().map(|(name, _)| (*name).to_owned()).collect();
    let has_folders =
        |name: &String| Modules::read(&src(name)).iter().any(|(path, _)| path.len() > 1);
    let missing: Vec<_> =
        crates().into_iter().filter(|name| has_folders(name) && !ordered.contains(name)).collect();
    assert_eq!(missing, Vec::<String>::new());
}

#[test]
fn no_circle_ties_more_than_three_files() {
    let mut problems = Vec::new();
    for name in crates().iter().filter(|name| *name != OPERATIONS) {
        let modules = Modules::read(&src(name));
        for circle in circles(&modules).into_iter().filter(|circle| circle.len() > LARGEST_CIRCLE) {
            problems.push(format!(
                "{name}: a circle of {} files: {}",
                circle.len(),
                circle.join(", ")
            ));
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

/// The checks find what they are for: a crate of a few files with an import upward, and a circle through a name that is
/// passed on.
#[test]
fn imports_upward_and_circles_are_found() {
    let folder = tempfile::tempdir().expect("there is room");
    let write = |name: &str, text: &str| {
        let file = folder.path().join(name);
        std::fs::create_dir_all(file.parent().expect("a folder")).expect("there is room");
        std::fs::write(file, text).expect("there is room");
    };
    write("lib.rs", "mod low; mod high;");
    write("low.rs", "fn f() { println!(\"{}\", crate::high::g()); }");
    write("high/mod.rs", "mod a; mod b; mod c; mod d; pub(crate) use a::{A, g};");
    write("high/a.rs", "use super::b::B; pub(crate) struct A(B); pub(crate) fn g() {}");
    write("high/b.rs", "use crate::high::c; pub(crate) struct B(c::C);");
    write("high/c.rs", "pub(crate) struct C(super::d::D);");
    write(
        "high/d.rs",
        "use super::A; pub(crate) struct D(Box<A>);\n#[cfg(test)] mod tests { use crate::low; }",
    );

    let modules = Modules::read(folder.path());
    assert_eq!(
        upward(&modules, &[&["low"], &["high"]]),
        ["low.rs imports from `high::a`, which stands above it"]
    );
    assert_eq!(upward(&modules, &[&["high"], &["low"]]), Vec::<String>::new());
    assert_eq!(unknown(&modules, &[&["high"], &["low", "middle"]]), ["no module `middle`"]);
    assert_eq!(circles(&modules), [["high/a.rs", "high/b.rs", "high/c.rs", "high/d.rs"]]);
}
