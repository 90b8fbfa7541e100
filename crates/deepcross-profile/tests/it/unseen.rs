//! Values of other files that no training row has.

use std::collections::HashSet;
use std::fmt::Write as _;

use deepcross_data::{BadRows, DataConfig, Input, LabelConfig};
use deepcross_features::FieldConfig;
use deepcross_profile::{
    Examples, FileProfile, InferredCross, OtherFiles, OtherRole, ProfileError, ProfileOptions,
    TimesApart, profile_files,
};
use tempfile::TempDir;

use crate::tables::hash;

/// A row: the label, a user, an ad, tags and a time; the users of later rows are others.
fn row(i: usize) -> [String; 5] {
    let user = match hash(i, 1) % 10 {
        0 => String::new(),
        _ => format!("u{}", i / 4 + hash(i, 2) % 700),
    };
    let tags: Vec<_> =
        (0..hash(i, 4) % 4).map(|j| format!("t{}", i / 200 + hash(i, 5 + j) % 30)).collect();
    let time = format!("2024-03-{:02}", 1 + i / 400);
    let click = usize::from(hash(i, 9).is_multiple_of(4));
    [click.to_string(), user, format!("a{}", hash(i, 3) % 40), tags.join("|"), time]
}

const HEADER: &str = "click,user,ad,tags,day\n";

fn csv(rows: impl Iterator<Item = usize>) -> String {
    rows.fold(HEADER.to_owned(), |mut text, i| {
        writeln!(text, "{}", row(i).join(",")).unwrap();
        text
    })
}

/// A folder with training files, and their profile with a cross of users and ads.
struct Setting {
    folder: TempDir,
    train: Input,
    profile: FileProfile,
}

impl Setting {
    fn new(train: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("train.csv");
        std::fs::write(&path, train).unwrap();
        let label = Some(LabelConfig::binary("click"));
        let config = DataConfig { label, ..DataConfig::default() };
        let train = Input::from(vec![path]);
        let options = ProfileOptions { label: None, guess_missing: true };
        let mut profile = profile_files(&train, &config, &options).unwrap();
        let field = FieldConfig::cross("user_x_ad", ["user", "ad"]);
        let (additive_loss, gain, standard_error, rows) = (0.5, 0.1, 0.01, 800);
        let n_combinations = 30_000;
        let cross =
            InferredCross { field, n_combinations, additive_loss, gain, standard_error, rows };
        profile.pairs.crosses.push(cross);
        Self { folder, train, profile }
    }

    fn other(&self, role: OtherRole, name: &str, text: &str) -> OtherFiles {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        OtherFiles { role, files: vec![path].into() }
    }

    fn compare(&mut self, others: &[OtherFiles]) -> Result<(), Box<ProfileError>> {
        self.profile.check_others(&self.train, others)?;
        Ok(self.profile.compare_with(&self.train, others)?)
    }
}

/// The values of a field in a row, as the test reads them.
fn values(field: &str, i: usize) -> Vec<String> {
    let [_, user, ad, tags, _] = row(i);
    let present = |text: String| Some(text).filter(|text| !text.is_empty()).into_iter().collect();
    match field {
        "user" => present(user),
        "ad" => present(ad),
        "tags" => tags.split('|').filter(|tag| !tag.is_empty()).map(str::to_owned).collect(),
        _ => vec![format!("{user} {ad}")],
    }
}

#[test]
fn shares_are_those_of_two_sets() {
    let mut setting = Setting::new(&csv(0..4000));
    let other = setting.other(OtherRole::Test, "test.csv", &csv(4000..6000));
    setting.compare(&[other]).unwrap();
    let found = &setting.profile.others[0].fields;
    let names: Vec<_> = found.iter().map(|share| &*share.field).collect();
    assert_eq!(names, ["user", "ad", "tags", "user_x_ad"]);
    for share in found {
        let known: HashSet<_> = (0..4000).flat_map(|i| values(&share.field, i)).collect();
        let others: Vec<_> = (4000..6000).flat_map(|i| values(&share.field, i)).collect();
        let unseen = others.iter().filter(|value| !known.contains(*value)).count();
        assert_eq!((share.values, share.unseen), (others.len() as u64, unseen as u64), "{share:?}");
        assert!(share.is_exact);
    }
    let unseen: Vec<_> = found.iter().map(|share| share.unseen > 0).collect();
    assert_eq!(unseen, [true, false, true, true]);
}

#[test]
fn spellings_of_a_number_and_missing_values_are_no_new_values() {
    let row = |i: usize, code: &str| {
        format!("{},{code},x{}\n", usize::from(hash(i, 1).is_multiple_of(3)), i % 5)
    };
    let train: String = (0..400).map(|i| row(i, &(i % 20).to_string())).collect();
    let header = "click,code_id,ad\n";
    let label = Some(LabelConfig::binary("click"));
    let folder = tempfile::tempdir().unwrap();
    let [train_path, test_path] = ["train.csv", "test.csv"].map(|name| folder.path().join(name));
    std::fs::write(&train_path, format!("{header}{train}")).unwrap();
    let codes = ["7.0", "", "+3", "21", "007"];
    let test: String = (0..100).map(|i| row(i, codes[i % 5])).collect();
    std::fs::write(&test_path, format!("{header}{test}")).unwrap();
    let config = DataConfig { label, ..DataConfig::default() };
    let train = Input::from(vec![train_path]);
    let mut profile = profile_files(&train, &config, &ProfileOptions::default()).unwrap();
    let others = [OtherFiles { role: OtherRole::Test, files: vec![test_path].into() }];
    profile.compare_with(&train, &others).unwrap();
    let share = &profile.others[0].fields[0];
    assert_eq!((&*share.field, share.values), ("code_id", 80));
    // `21` is new, and a number with zeros before it is another name.
    assert_eq!(share.unseen, 40);
}

#[test]
fn files_without_a_row_are_refused() {
    let mut setting = Setting::new(&csv(0..400));
    for role in [OtherRole::Validation, OtherRole::Test] {
        let empty = setting.other(role, "empty.csv", HEADER);
        let error = setting.compare(&[empty]).unwrap_err().to_string();
        assert!(error.contains("empty.csv`: has no rows"), "{error}");
        let one = setting.other(role, "one.csv", &csv(0..1));
        setting.compare(&[one]).unwrap();
    }
    // All rows are bad ones, and are skipped.
    let empty = setting.other(OtherRole::Validation, "bad.csv", &format!("{HEADER}maybe,u,a,,\n"));
    setting.profile.config.bad_rows = BadRows::Skip;
    let error = setting.compare(&[empty]).unwrap_err().to_string();
    assert!(error.contains("bad.csv`: has no rows") && error.contains("1 "), "{error}");
}

#[test]
fn the_configuration_differs_in_comments_alone() {
    let mut setting = Setting::new(&csv(0..4000));
    let before = setting.profile.to_toml("train.csv", Examples::Shown).unwrap();
    let others = [
        setting.other(OtherRole::Validation, "valid.csv", &csv(4000..5000)),
        setting.other(OtherRole::Test, "test.csv", &csv(9000..9500)),
    ];
    setting.compare(&others).unwrap();
    let after = setting.profile.to_toml("train.csv", Examples::Shown).unwrap();
    let (added, same): (Vec<_>, Vec<_>) =
        after.lines().partition(|line| line.contains("are in no training row"));
    assert_eq!(same, before.lines().collect::<Vec<_>>());
    assert_eq!(added.len(), 3, "{after}");
    assert!(added.iter().all(|line| line.starts_with("# ")), "{added:?}");
    let user = format!("{}\n[[field]]\nname = \"user\"\n", added[0]);
    assert!(after.contains(&user), "{after}");
    assert!(
        added[0].contains(
            "% of its values in the validation files and 100 % of those in the test files"
        )
    );
    let explained: Vec<_> =
        setting.profile.all_fields().map(|field| setting.profile.explain_unseen(field)).collect();
    let [user, ad, tags, .., pair] = &explained[..] else { panic!("{explained:?}") };
    let expected = "100 % of its values in the test files are in no training row";
    assert_eq!(user.as_deref(), Some(expected));
    assert!(tags.as_deref().is_some_and(|text| text.contains("of its elements in")), "{tags:?}");
    // That the pairs are new is explained by the users.
    assert_eq!([ad, pair], [&None, &None]);
    let [valid, test] = &setting.profile.others[..] else { panic!("two roles") };
    let later = TimesApart { column: "day".to_owned(), are_later: true };
    assert_eq!([&valid.times[..], &test.times[..]], [&[later.clone()][..], &[later][..]]);
}

#[test]
fn times_that_overlap_are_not_apart() {
    let mut setting = Setting::new(&csv(2000..6000));
    let others = [
        setting.other(OtherRole::Validation, "valid.csv", &csv(1000..2500)),
        setting.other(OtherRole::Test, "test.csv", &csv(0..1500)),
    ];
    setting.compare(&others).unwrap();
    let [valid, test] = &setting.profile.others[..] else { panic!("two roles") };
    let earlier = TimesApart { column: "day".to_owned(), are_later: false };
    assert_eq!([&valid.times[..], &test.times[..]], [&[][..], &[earlier][..]]);
}

#[test]
fn a_column_that_a_file_lacks_is_named_with_the_file() {
    let mut setting = Setting::new(&csv(0..4000));
    let without = csv(4000..4100).replacen(",ad,", ",advert,", 1);
    let other = setting.other(OtherRole::Test, "test.csv", &without);
    setting.compare(&[other]).unwrap();
    let lacking = &setting.profile.others[0].lacking;
    let fields: Vec<_> = lacking.iter().map(|lacking| &*lacking.field).collect();
    assert_eq!(fields, ["ad", "user_x_ad"]);
    let reason = "test.csv`: has no column `ad` for the field `ad`";
    assert!(lacking[0].reason.contains(reason), "{lacking:?}");
    assert_eq!(setting.profile.others[0].fields.len(), 2);
}

#[test]
fn labels_of_other_files_are_of_the_same_classes_or_missing() {
    let setting = || Setting::new(&csv(0..4000));
    let other = |role, text: &str| {
        let mut setting = setting();
        let other = setting.other(role, "other.csv", text);
        setting.compare(&[other]).map_err(|error| error.to_string())
    };
    let text = csv(4000..5500);
    let without = text.replacen("click,", "clicked,", 1);
    assert_eq!(other(OtherRole::Test, &without), Ok(()));
    let error = other(OtherRole::Validation, &without).unwrap_err();
    assert!(error.contains("other.csv`: has no column `click` for the label"), "{error}");
    let missing = text.replace("\n1,", "\n,");
    assert_eq!(other(OtherRole::Validation, &missing), Ok(()));
    for (label, row) in [("2", 4), ("-1", 4), ("2", 1400)] {
        let mut lines: Vec<_> = text.lines().map(str::to_owned).collect();
        lines[row] = format!("{label}{}", &lines[row][1..]);
        for role in [OtherRole::Validation, OtherRole::Test] {
            let error = other(role, &lines.join("\n")).expect_err(&format!("{label} {row} {role}"));
            assert!(error.contains("other.csv`") && error.contains("`click`"), "{error}");
            assert!(error.contains(&format!("`{label}`")), "{error}");
        }
    }
}

/// If no row has a pair of a field of libffm, the field is missing. The weights of a list do not belong to its values.
#[test]
fn lists_of_libffm_are_compared_by_their_elements() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, row: &dyn Fn(usize) -> String| {
        let path = folder.path().join(name);
        let label = |i: usize| usize::from(hash(i, 9).is_multiple_of(4));
        let rows = (0..400).map(|i| format!("{} {}\n", label(i), row(i)));
        std::fs::write(&path, rows.collect::<String>()).unwrap();
        Input::from(vec![path])
    };
    let train = write("train.ffm", &|i| format!("0:{}:1 1:{}:0.5", i % 30, i % 7));
    let test = write("test.ffm", &|i| format!("0:{}:0.25", i % 40));
    let config = DataConfig { label: Some(LabelConfig::binary("label")), ..DataConfig::default() };
    let mut profile = profile_files(&train, &config, &ProfileOptions::default()).unwrap();
    profile.compare_with(&train, &[OtherFiles { role: OtherRole::Test, files: test }]).unwrap();
    let rows = &profile.others[0];
    let found: Vec<_> =
        rows.fields.iter().map(|share| (&*share.field, share.values, share.unseen)).collect();
    assert_eq!(found, [("0", 400, 100), ("1", 0, 0)]);
    assert_eq!(rows.lacking, []);
}
