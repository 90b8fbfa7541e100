//! Odd tables: each is either profiled, searched for pairs, compared with itself and written, or refused with a message.

use std::fmt::Write;

use deepcross_data::{DataConfig, Input, LabelConfig};
use deepcross_features::Schema;
use deepcross_profile::{
    Examples, FileProfile, OtherFiles, OtherRole, ProfileError, ProfileOptions, profile_files,
};

use crate::tables::hash;

/// All steps that `infer-config` takes, and the configuration.
fn inferred(csv: &str) -> Result<(FileProfile, String), Box<ProfileError>> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.csv");
    std::fs::write(&path, csv).unwrap();
    let config = DataConfig { label: Some(LabelConfig::binary("click")), ..DataConfig::default() };
    let files = Input::from(vec![path]);
    let options = ProfileOptions { label: None, guess_missing: true };
    let mut profile = profile_files(&files, &config, &options)?;
    profile.find_pairs(&files)?;
    let others = [OtherRole::Validation, OtherRole::Test]
        .map(|role| OtherFiles { role, files: files.clone() });
    profile.check_others(&files, &others)?;
    profile.compare_with(&files, &others)?;
    let text = profile.to_toml("x.csv", Examples::Shown)?;
    Ok((profile, text))
}

/// The configuration, which must be TOML; no value is unseen in the training rows themselves.
#[track_caller]
fn check(csv: &str) -> FileProfile {
    let (profile, text) = inferred(csv).unwrap();
    let table: toml::Table =
        toml::from_str(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    assert!(table.contains_key("model") && table.contains_key("train"), "{text}");
    let penalties = [profile.sizes().embedding_l2, profile.sizes().l2];
    assert!(penalties.iter().all(|penalty| (0.0..=0.3).contains(penalty)), "{penalties:?}");
    let shares = profile.others.iter().flat_map(|rows| &rows.fields);
    shares.for_each(|share| assert_eq!(share.unseen, 0, "{share:?}"));
    profile
}

#[test]
fn tables_of_two_rows_are_written() {
    check("click,ad\n1,a\n0,b\n");
    check("click,ad,user,price\n1,a,u,1\n0,a,u,2\n");
    check("click,price\n1,nan\n0,inf\n");
}

/// A table with a strong pair of the first two columns, and numbers with favourites in the third.
fn with_a_pair(header: &str) -> String {
    let mut csv = format!("{header},click\n");
    for i in 0..40_000 {
        let (user, ad) = (hash(i, 1) % 110, hash(i, 2) % 105);
        let price = hash(i, 3) % 300;
        let (other, chance) = (hash(i, 4) % 50, hash(i, 5) % 100);
        let is_liked = hash(200 * user + ad, 6) % 10 < 2;
        let rate =
            if is_liked { 60 } else { 10 } + if price.is_multiple_of(10) { 30 } else { user % 7 };
        writeln!(csv, "u{user},a{ad},{price},k{other},{}", usize::from(chance < rate)).unwrap();
    }
    csv
}

/// The names of the fields with the columns that they read.
fn named(profile: &FileProfile) -> Vec<String> {
    let fields = profile.all_fields();
    fields.map(|field| format!("{}: {}", field.name, field.columns().join(" "))).collect()
}

#[test]
fn fields_have_names_that_no_column_has() {
    for (header, expected) in [
        ("user,ad,price,k", ["user: user", "ad: ad", "price_value: price", "user_x_ad: user ad"]),
        (
            "user,ad,price,user_counts",
            ["user_: user", "ad: ad", "price_value: price", "user_x_ad: user ad"],
        ),
        (
            "user,ad,price,user_x_ad_counts",
            ["user: user", "ad: ad", "price_value: price", "user_x_ad_: user ad"],
        ),
        (
            "user,ad,price,price_value",
            ["user: user", "ad: ad", "price_value_: price", "user_x_ad: user ad"],
        ),
        ("a*b,a_b,pri*ce,a_b_", ["a_b__: a*b", "a_b: a_b", "pri_ce: pri*ce", "a_b_x_a_b: a*b a_b"]),
    ] {
        let profile = check(&with_a_pair(header));
        let names = named(&profile);
        for field in expected {
            assert!(names.iter().any(|name| name == field), "{header}: {field} of {names:?}");
        }
        let fields: Vec<_> = profile.all_fields().cloned().collect();
        let problems = Schema::new(fields, vec![String::new()]).err().unwrap_or_default();
        assert!(problems.is_empty(), "{header}: {problems:?}");
        let has_pattern = profile.all_fields().any(|field| field.name.contains('*'));
        assert!(!has_pattern, "{header}: {names:?}");
    }
}

#[test]
fn rows_of_one_class_and_tables_without_rows_are_refused() {
    for (csv, message) in [
        ("click,ad\n1,a\n", "negative in no row"),
        ("click,ad\n0,a\n0,b\n", "positive in no row"),
        ("click,ad\n", "x.csv`"),
        ("click\n", "x.csv`"),
    ] {
        let error = inferred(csv).map(|(_, text)| text).unwrap_err().to_string();
        assert!(error.contains(message), "{csv}: {error}");
    }
}

/// Rows of a label and the cells that `cells` gives.
fn table(header: &str, rows: usize, cells: impl Fn(usize) -> String) -> String {
    let mut csv = format!("click,{header}\n");
    for i in 0..rows {
        writeln!(csv, "{},{}", usize::from(hash(i, 9).is_multiple_of(4)), cells(i)).unwrap();
    }
    csv
}

#[test]
fn missing_odd_and_constant_values_are_written() {
    check(&table("ad,user", 400, |_| ",".to_owned()));
    check(&table("ad,user", 400, |i| if i == 0 { "a,u" } else { "," }.to_owned()));
    let numbers = |i: usize| match hash(i, 1) % 6 {
        0 => "NaN",
        1 => "inf",
        2 => "-inf",
        3 => "1e308",
        4 => "-1e308",
        _ => "0",
    };
    check(&table("x,y", 2_000, |i| format!("{},{}", numbers(i), numbers(i + 7))));
    check(&table("\"a \"\"quoted\"\" name\",\"x\ny\"", 400, |i| format!("a{},b{}", i % 7, i % 5)));
}

/// More values than a table of counts holds, in columns that are one another renamed, and in pairs.
#[test]
fn many_distinct_ids_are_written() {
    let csv = table("user,name,ad", 60_000, |i| {
        let user = hash(i, 1) % 30_000;
        format!("u{user},n{},a{}", user * 7 % 30_011, hash(i, 2) % 50)
    });
    let profile = check(&csv);
    assert_eq!(profile.pairs.renamed, [["user".to_owned(), "name".to_owned()]]);
    assert_eq!(profile.pairs.crosses, []);
    let shares: Vec<_> = profile.others[0].fields.iter().map(|share| share.is_exact).collect();
    assert_eq!(shares, [true; 3]);
}
