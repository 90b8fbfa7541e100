//! The circles among the files of a crate: files that reach each other by imports.

use std::collections::{BTreeMap, BTreeSet};

use super::modules::{ModulePath, Modules};

type Imports<'a> = BTreeMap<&'a ModulePath, BTreeSet<&'a ModulePath>>;

/// The circles of at least two files, each by its files in the order of their names.
pub(super) fn circles(modules: &Modules) -> Vec<Vec<String>> {
    let imports: Imports<'_> =
        modules.iter().map(|(path, module)| (path, modules.imports(path, module))).collect();
    let reached: Imports<'_> = imports.keys().map(|path| (*path, reach(&imports, path))).collect();
    let files: BTreeMap<_, _> =
        modules.iter().map(|(path, module)| (path, module.file.display().to_string())).collect();
    let mut circles = BTreeSet::new();
    for (path, others) in &reached {
        let members = others.iter().filter(|other| reached[*other].contains(path));
        let circle: Vec<_> = members.map(|member| files[*member].clone()).collect();
        if circle.len() > 1 {
            circles.insert(circle);
        }
    }
    circles.into_iter().collect()
}

/// The modules that imports lead to from one, over any number of steps.
fn reach<'a>(imports: &Imports<'a>, from: &ModulePath) -> BTreeSet<&'a ModulePath> {
    let mut reached = BTreeSet::new();
    let mut open: Vec<&ModulePath> = imports[from].iter().copied().collect();
    while let Some(next) = open.pop() {
        if let Some((&known, further)) = imports.get_key_value(next)
            && reached.insert(known)
        {
            open.extend(further.iter().copied());
        }
    }
    reached
}
