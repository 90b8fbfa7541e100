use std::fmt::Write as _;

use deepcross_data::{DataConfig, LabelConfig};
use deepcross_profile::{Examples, FileProfile, ProfileOptions, profile_files};
use tempfile::NamedTempFile;

/// A number that looks random, in [0, 1).
fn draw(row: usize, salt: u64) -> f64 {
    let mut bits = (row as u64).wrapping_add(salt << 40).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((bits ^ (bits >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
}

/// 40,000 rows of 100 users and 100 ads; the label is positive with the probability that `rate` gives for a user and an ad.
fn profiled(rate: impl Fn(usize, usize) -> f64) -> FileProfile {
    profiled_rows(0, rate)
}

/// The same for other rows.
fn profiled_rows(seed: u64, rate: impl Fn(usize, usize) -> f64) -> FileProfile {
    let mut csv = String::from("click,user,ad,place,code\n");
    for row in 0..40_000 {
        let draw = |row: usize, salt: u64| draw(row, salt + 10 * seed);
        let [user, ad, place] = [1, 2, 3].map(|salt| (100.0 * draw(row, salt)) as usize);
        let click = u8::from(draw(row, 4) < rate(user, ad));
        // Another name of the ad.
        let code = (7 * ad + 3) % 101;
        writeln!(csv, "{click},u{user},a{ad},p{place},k{code}").unwrap();
    }
    profiled_csv(&csv)
}

fn profiled_csv(csv: &str) -> FileProfile {
    let file = NamedTempFile::with_suffix(".csv").unwrap();
    std::fs::write(file.path(), csv).unwrap();
    let config = DataConfig { label: Some(LabelConfig::binary("click")), ..DataConfig::default() };
    let files = vec![file.path().to_owned()].into();
    let mut profile = profile_files(&files, &config, &ProfileOptions::default()).unwrap();
    profile.find_pairs(&files).unwrap();
    profile
}

fn names(profile: &FileProfile) -> Vec<&str> {
    profile.pairs.crosses.iter().map(|cross| &*cross.field.name).collect()
}

#[test]
fn noise_has_no_crosses() {
    for share in [0.3, 0.01] {
        for seed in 0..6 {
            let profile = profiled_rows(seed, |_, _| share);
            assert_eq!(names(&profile), [""; 0], "{share} {seed}");
        }
    }
}

/// Rare clicks, which depend on the user and on the ad alone.
#[test]
fn rare_clicks_of_sums_have_no_crosses() {
    for seed in 0..4 {
        let of = |user: usize, ad: usize| {
            let logit = 2.0 * draw(user, 7 + seed) + 2.0 * draw(ad, 8 + seed) - 6.5;
            1.0 / (1.0 + (-logit).exp())
        };
        assert_eq!(names(&profiled_rows(seed, of)), [""; 0], "{seed}");
    }
}

/// Users and ads have rates of their own, and their log-odds add up.
#[test]
fn sums_of_both_columns_have_no_crosses() {
    let of = |user: usize, ad: usize| {
        let logit = 3.0 * draw(user, 7) + 3.0 * draw(ad, 8) - 3.5;
        1.0 / (1.0 + (-logit).exp())
    };
    assert_eq!(names(&profiled(of)), [""; 0]);
}

/// Each user clicks on every tenth ad much more often.
#[test]
fn pairs_with_a_memory_are_crossed() {
    let profile = profiled(|user, ad| if draw(100 * user + ad, 9) < 0.1 { 0.8 } else { 0.1 });
    assert_eq!(names(&profile), ["user_x_ad"]);
    let cross = &profile.pairs.crosses[0];
    assert_eq!(cross.field.columns(), ["user", "ad"]);
    assert_eq!(cross.field.companion().as_deref(), Some("user_x_ad_counts"));
    assert!(cross.gain > 10.0 * cross.standard_error, "{cross:?}");
    assert!((7_500..8_500).contains(&cross.rows), "{cross:?}");
    let text = profile.to_toml("clicks.csv", Examples::Shown).unwrap();
    assert!(text.contains("columns = [\"user\", \"ad\"]"), "{text}");
    assert!(text.contains("# Past labels of the pair lower the log loss from "), "{text}");
    assert_eq!(profile.pairs.renamed, [["ad".to_owned(), "code".to_owned()]]);
    assert!(text.contains("# `code` is `ad` renamed: "), "{text}");
}

/// The sizes know the tables of crosses: their width, and whether every row of them is updated in each step.
#[test]
fn combinations_count_as_values_of_tables() {
    let of = |user: usize, ad: usize| if draw(100 * user + ad, 9) < 0.1 { 0.8 } else { 0.1 };
    let mut profile = profiled(of);
    let found = profile.pairs.crosses[0].n_combinations;
    assert!((9_500..=10_000).contains(&found), "{found}");
    let mut sizes_with = |n: u64| {
        profile.pairs.crosses[0].n_combinations = n;
        let sizes = profile.sizes();
        (sizes.embedding, sizes.dense_tables)
    };
    assert_eq!(sizes_with(900), (8, true));
    assert_eq!(sizes_with(10_000), (16, true));
    assert_eq!(sizes_with(300_000), (16, false));
}

#[test]
fn a_second_cross_is_beside_the_first() {
    let of = |user: usize, ad: usize| if draw(100 * user + ad, 9) < 0.1 { 0.8 } else { 0.1 };
    let mut profile = profiled(of);
    let beside = |profile: &FileProfile| {
        let text = profile.to_toml("clicks.csv", Examples::Shown).unwrap();
        text.matches(" beyond the best sum of both columns, beside the pairs above.\n").count()
    };
    assert_eq!(beside(&profile), 0);
    profile.pairs.crosses.push(profile.pairs.crosses[0].clone());
    assert_eq!(beside(&profile), 1);
}

/// Rows of 25 users and 30 ads, and of two columns with 10 and 8 values.
fn profiled_few(rows: usize, seed: u64, rate: impl Fn(usize, usize) -> f64) -> FileProfile {
    let mut csv = String::from("click,user,ad,place,device\n");
    for row in 0..rows {
        let draw = |salt: u64| draw(row, salt + 20 * seed);
        let of = |salt: u64, n: f64| (n * draw(salt)) as usize;
        let [user, ad, place, device] = [of(1, 25.0), of(2, 30.0), of(3, 10.0), of(5, 8.0)];
        let click = u8::from(draw(4) < rate(user, ad));
        writeln!(csv, "{click},u{user},a{ad},p{place},d{device}").unwrap();
    }
    profiled_csv(&csv)
}

/// Each of 750 pairs shifts the logit by 1, or by less, up or down.
#[test]
fn few_pairs_of_values_with_strong_effects_are_crossed() {
    let of = |strength: f64| {
        move |user: usize, ad: usize| {
            let sum = draw(user, 7) + draw(ad, 8) - 1.0;
            let sign = if draw(100 * user + ad, 9) < 0.5 { 1.0 } else { -1.0 };
            1.0 / (1.0 + (1.0 - sum - strength * sign).exp())
        }
    };
    assert_eq!(names(&profiled_few(40_000, 0, of(1.0))), ["user_x_ad"]);
    // Weak effects are beyond chance, but gain less than 3 % of the log loss.
    assert_eq!(names(&profiled_few(160_000, 1, of(0.2))), [""; 0]);
}

#[test]
fn few_pairs_of_values_that_say_nothing_are_not_crossed() {
    for seed in 2..6 {
        for share in [0.3, 0.01] {
            assert_eq!(names(&profiled_few(40_000, seed, |_, _| share)), [""; 0], "{seed} {share}");
        }
        let sums = |user: usize, ad: usize| {
            1.0 / (1.0 + (3.5 - 3.0 * draw(user, 7 + seed) - 3.0 * draw(ad, 8 + seed)).exp())
        };
        assert_eq!(names(&profiled_few(40_000, seed, sums)), [""; 0], "{seed}");
    }
}

/// Of 60 columns, the two with a memory and those with rates of their own are among the forty that are read.
#[test]
fn many_columns_are_narrowed_to_those_that_predict_the_label() {
    let header: Vec<_> = (0..58).map(|i| format!("c{i}")).collect();
    let mut csv = format!("click,{},user,ad\n", header.join(","));
    for row in 0..20_000 {
        let [user, ad] = [1, 2].map(|salt| (60.0 * draw(row, salt)) as usize);
        let liking = if draw(60 * user + ad, 9) < 0.1 { 0.7 } else { 0.1 };
        let rate = liking * (0.7 + 0.6 * draw(user, 10)) * (0.7 + 0.6 * draw(ad, 11));
        let others: Vec<_> =
            (0..58).map(|i| format!("v{}", (30.0 * draw(row, 50 + i)) as usize)).collect();
        writeln!(csv, "{},{},u{user},a{ad}", u8::from(draw(row, 4) < rate), others.join(","))
            .unwrap();
    }
    assert_eq!(names(&profiled_csv(&csv)), ["user_x_ad"]);
}
