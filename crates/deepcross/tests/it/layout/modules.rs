//! The modules of a crate as its files declare them, and the places that paths in them lead to.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Attribute, Item, UseTree, Visibility};

/// A path from the root of the crate: `["formats", "libsvm"]` is `crate::formats::libsvm`.
pub(super) type ModulePath = Vec<String>;

/// One module that has a file of its own.
#[derive(Debug, Default)]
pub(super) struct Module {
    /// The file, relative to `src`.
    pub(super) file: PathBuf,
    /// The names that this module can be asked for although another module defines them, and where it found them.
    names: BTreeMap<String, ModulePath>,
    /// The paths whose names are all taken over: `pub use x::*`.
    globs: Vec<ModulePath>,
    /// The paths that the module's code names, from the root of the crate.
    used: BTreeSet<ModulePath>,
}

/// All modules of a crate that have a file, without those that are compiled for tests alone.
#[derive(Debug, Default)]
pub(super) struct Modules(BTreeMap<ModulePath, Module>);

impl Modules {
    /// Reads the modules of a crate from its root file on.
    pub(super) fn read(src: &Path) -> Self {
        let mut modules = Self::default();
        let root =
            ["lib.rs", "main.rs"].map(|name| src.join(name)).into_iter().find(|root| root.exists());
        modules.read_file(src, &root.expect("a crate has lib.rs or main.rs"), Vec::new());
        modules
    }

    /// The modules and their paths.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&ModulePath, &Module)> {
        self.0.iter()
    }

    /// The modules whose items the code of `module` uses, itself left out.
    pub(super) fn imports(&self, path: &ModulePath, module: &Module) -> BTreeSet<&ModulePath> {
        let homes = module.used.iter().filter_map(|used| self.home(used, 0));
        homes.filter(|home| *home != path).collect()
    }

    fn read_file(&mut self, src: &Path, file: &Path, path: ModulePath) {
        let text =
            std::fs::read_to_string(file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        let syntax = syn::parse_file(&text).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        let is_root = ["lib.rs", "main.rs", "mod.rs"].iter().any(|name| file.ends_with(name));
        let folder = if is_root { file.with_file_name("") } else { file.with_extension("") };
        for item in &syntax.items {
            let Item::Mod(child) = item else { continue };
            if child.content.is_some() || is_for_tests(&child.attrs) {
                continue;
            }
            let name = child.ident.to_string();
            let candidates = [folder.join(format!("{name}.rs")), folder.join(&name).join("mod.rs")];
            let child_file = candidates.into_iter().find(|candidate| candidate.exists());
            let child_file =
                child_file.unwrap_or_else(|| panic!("{}: no file of {name}", file.display()));
            let child_path = path.iter().cloned().chain([name]).collect();
            self.read_file(src, &child_file, child_path);
        }
        let mut reader = Reader { path: &path, module: Module::default() };
        reader.module.file = file.strip_prefix(src).expect("a module lies in src").to_owned();
        reader.visit_file(&syntax);
        let module = reader.module;
        self.0.insert(path, module);
    }

    /// The module that defines the item at a path, through all names that are taken over on the way.
    ///
    /// `None` if the path leads out of the crate, or ends at a module: to name a module is not to use it.
    fn home(&self, path: &[String], depth: usize) -> Option<&ModulePath> {
        if depth > 16 {
            return None;
        }
        let known = (0..=path.len()).rev().find(|n| self.0.contains_key(&path[..*n]))?;
        let (module_path, module) = self.0.get_key_value(&path[..known])?;
        let (name, rest) = path[known..].split_first()?;
        let beyond = |target: &ModulePath| target.iter().chain(rest).cloned().collect::<Vec<_>>();
        if let Some(target) = module.names.get(name) {
            // A name that is passed on and leads back here belongs to another crate.
            return self.home(&beyond(target), depth + 1).filter(|home| *home != module_path);
        }
        let through_glob = module.globs.iter().find_map(|glob| {
            let target: Vec<_> = glob.iter().chain([name]).chain(rest).cloned().collect();
            self.home(&target, depth + 1).filter(|home| *home != module_path && !home.is_empty())
        });
        Some(through_glob.unwrap_or(module_path))
    }
}

/// Whether an item is compiled for tests alone.
fn is_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let list = attribute.meta.require_list();
        attribute.path().is_ident("cfg")
            && list.is_ok_and(|list| {
                let condition = list.tokens.to_string();
                condition.contains("test") && !condition.contains("not")
            })
    })
}

/// Gathers the paths that a file names.
struct Reader<'a> {
    path: &'a ModulePath,
    module: Module,
}

impl Reader<'_> {
    /// A path as it is written here, from the root of the crate; `None` if it leads out of the crate.
    fn absolute(&self, written: &[String]) -> Option<ModulePath> {
        let (first, rest) = written.split_first()?;
        let mut start = match first.as_str() {
            "crate" => Vec::new(),
            "self" => self.path.clone(),
            "super" => self.path[..self.path.len().checked_sub(1)?].to_vec(),
            name => {
                let imported = self.module.names.get(name).cloned();
                imported.or_else(|| Some(self.path.iter().chain([first]).cloned().collect()))?
            }
        };
        let mut rest = rest;
        while let Some(("super", further)) =
            rest.split_first().map(|(first, rest)| (first.as_str(), rest))
        {
            start.pop()?;
            rest = further;
        }
        start.extend_from_slice(rest);
        Some(start)
    }

    fn name(&mut self, written: &[String]) {
        self.module.used.extend(self.absolute(written));
    }

    /// Takes the names of a `use` tree; a name that is passed on is not used by this module itself.
    fn take(&mut self, tree: &UseTree, before: &mut Vec<String>, passed_on: bool) {
        match tree {
            UseTree::Path(path) => {
                before.push(path.ident.to_string());
                self.take(&path.tree, before, passed_on);
                before.pop();
            }
            UseTree::Group(group) => {
                group.items.iter().for_each(|tree| self.take(tree, before, passed_on));
            }
            UseTree::Glob(_) => self.module.globs.extend(self.absolute(before)),
            UseTree::Name(name) => self.take_name(before, &name.ident.to_string(), None, passed_on),
            UseTree::Rename(name) => {
                let (ident, rename) = (name.ident.to_string(), name.rename.to_string());
                self.take_name(before, &ident, Some(rename), passed_on);
            }
        }
    }

    fn take_name(
        &mut self,
        before: &[String],
        name: &str,
        rename: Option<String>,
        passed_on: bool,
    ) {
        let mut written = before.to_vec();
        if name != "self" || before.is_empty() {
            written.push(name.to_owned());
        }
        let is_local = written
            .first()
            .is_some_and(|first| ["crate", "self", "super"].contains(&first.as_str()));
        let known_as = rename.or_else(|| written.last().cloned());
        let Some((target, known_as)) = self.absolute(&written).zip(known_as) else { return };
        // `use serde::Serialize` names another crate; `pub use child::Item` a module that lies below this one.
        if is_local || passed_on {
            self.module.names.insert(known_as, target.clone());
        }
        if !passed_on {
            self.module.used.insert(target);
        }
    }

    /// Paths in the arguments of macros, which are tokens only.
    fn tokens(&mut self, tokens: TokenStream) {
        let mut path: Vec<String> = Vec::new();
        let mut colons = 0;
        for token in tokens {
            match token {
                TokenTree::Ident(ident) if path.is_empty() || colons == 2 => {
                    path.push(ident.to_string());
                    colons = 0;
                }
                TokenTree::Punct(punct) if punct.as_char() == ':' && !path.is_empty() => {
                    colons += 1
                }
                other => {
                    self.end_of_path(&mut path);
                    colons = 0;
                    match other {
                        TokenTree::Group(group) => self.tokens(group.stream()),
                        TokenTree::Ident(ident) => path.push(ident.to_string()),
                        _ => {}
                    }
                }
            }
        }
        self.end_of_path(&mut path);
    }

    fn end_of_path(&mut self, path: &mut Vec<String>) {
        if path.len() > 1 {
            self.name(path);
        }
        path.clear();
    }
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_item(&mut self, item: &'ast Item) {
        let attributes = match item {
            Item::Mod(item) => &item.attrs,
            Item::Fn(item) => &item.attrs,
            Item::Impl(item) => &item.attrs,
            Item::Use(item) => &item.attrs,
            Item::Struct(item) => &item.attrs,
            Item::Const(item) => &item.attrs,
            _ => &Vec::new(),
        };
        if !is_for_tests(attributes) {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        let passed_on = !matches!(item.vis, Visibility::Inherited);
        self.take(&item.tree, &mut Vec::new(), passed_on);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        if !is_for_tests(&item.attrs) {
            visit::visit_impl_item_fn(self, item);
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        if path.segments.len() > 1 {
            let written: Vec<_> =
                path.segments.iter().map(|segment| segment.ident.to_string()).collect();
            self.name(&written);
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        self.tokens(call.tokens.clone());
    }
}
