//! Checks the floors of the architecture: a crate uses only lower floors, in its code, its tests and its build.

use cargo_metadata::{CargoOpt, Dependency, DependencyKind, Metadata, MetadataCommand, Package};

/// The crate with help for tests, below all floors: it uses no crate of ours, and other crates only use it in their
/// tests.
const TESTING: &str = "deepcross-testing";

/// The floor of every member of the workspace.
const FLOORS: [(&str, i32); 25] = [
    (TESTING, -1),
    ("deepcross-files", 0),
    ("deepcross-collective", 0),
    ("deepcross-kernels", 0),
    ("deepcross-calibration", 0),
    ("deepcross-features", 0),
    ("deepcross-metrics", 0),
    ("deepcross-random", 0),
    ("deepcross-autodiff", 1),
    ("deepcross-data", 1),
    ("deepcross-report", 1),
    ("deepcross-simulate", 1),
    ("deepcross-layers", 2),
    ("deepcross-optim", 2),
    ("deepcross-profile", 2),
    ("deepcross-model", 3),
    ("deepcross-train", 4),
    ("deepcross-serve", 4),
    ("deepcross-tune", 5),
    ("deepcross-cli", 6),
    ("deepcross", 6),
    ("deepcross-python", 6),
    ("deepcross-c", 6),
    ("examples", 7),
    ("benches", 7),
];

/// Outside crates that only few crates may use, mostly one: vector instructions, files for other
/// programs, output on the terminal, the HTTP server, and Python.
const OWNERS: [(&str, &str); 11] = [
    ("pulp", "deepcross-kernels"),
    ("pulp", "deepcross-data"),
    ("ferrompi", "deepcross-collective"),
    ("prost", "deepcross-model"),
    ("safetensors", "deepcross-model"),
    ("clap", "deepcross-cli"),
    ("comfy-table", "deepcross-cli"),
    ("indicatif", "deepcross-cli"),
    ("axum", "deepcross-serve"),
    ("tokio", "deepcross-serve"),
    ("pyo3", "deepcross-python"),
];

fn floor(name: &str) -> Option<i32> {
    FLOORS.iter().find(|(member, _)| *member == name).map(|&(_, floor)| floor)
}

/// The manifests of the workspace as Cargo reads them; nothing is resolved or downloaded.
fn workspace() -> Metadata {
    MetadataCommand::new()
        .manifest_path(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"))
        .features(CargoOpt::AllFeatures)
        .no_deps()
        .other_options(["--offline".to_owned()])
        .exec()
        .expect("cargo reads the manifests of the workspace")
}

/// The problems with the dependencies of a member, of any kind.
fn problems(package: &Package) -> Vec<String> {
    let name = package.name.as_str();
    let Some(own) = floor(name) else { return vec![format!("{name} has no floor")] };
    let is_below = |dependency: &Dependency| match (dependency.name.as_str(), dependency.kind) {
        (TESTING, kind) => kind == DependencyKind::Development,
        (name, _) => match floor(name) {
            Some(floor) => floor < own && name != "deepcross-cli",
            None => !name.starts_with("deepcross"),
        },
    };
    let dependencies = package.dependencies.iter().filter(|dependency| !is_below(dependency));
    let edge = |kind: DependencyKind, to: &str| format!("{name} has a {kind} dependency on {to}");
    dependencies.map(|dependency| edge(dependency.kind, &dependency.name)).collect()
}

#[test]
fn dependencies_lead_to_lower_floors() {
    let workspace = workspace();
    let members = workspace.workspace_packages();
    let found: Vec<_> = members.iter().flat_map(|package| problems(package)).collect();
    assert_eq!(found, Vec::<String>::new());
    assert_eq!(members.len(), FLOORS.len(), "a crate in the table of floors is not a member");
}

#[test]
fn outside_crates_are_named_where_they_belong() {
    for package in workspace().workspace_packages() {
        let used = package.dependencies.iter().filter(|used| used.kind == DependencyKind::Normal);
        for used in used {
            let mut owners = OWNERS.iter().filter(|(name, _)| *name == used.name).peekable();
            let is_free = owners.peek().is_none();
            let is_owner = owners.any(|(_, owner)| *owner == package.name.as_str());
            assert!(is_free || is_owner, "{} uses {}", package.name, used.name);
        }
    }
}

#[test]
fn every_library_opens_with_its_readme() {
    for package in workspace().workspace_packages() {
        let is_published = package.publish.as_ref().is_none_or(|registries| !registries.is_empty());
        if !is_published && package.name != TESTING {
            continue;
        }
        let name = &package.name;
        let readme = package.readme().unwrap_or_else(|| panic!("{name} does not name a README"));
        let readme = std::fs::read_to_string(readme).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert!(readme.starts_with(&format!("# {name}\n")), "{name}: {readme:.40}");
        for library in package.targets.iter().filter(|target| target.is_lib()) {
            let source = std::fs::read_to_string(&library.src_path).expect("the source exists");
            let included = source.starts_with("#![doc = include_str!(\"../README.md\")]");
            assert!(included, "the documentation of {name} is not its README");
        }
    }
}
