//! The fields inferred for undescribed columns, which can be fitted and read.

use std::fmt::Write;

use deepcross_data::{BadRows, DataConfig, DataError, LabelConfig, Partition, Source, fit};
use deepcross_features::{FieldKind, Problem, Schema};
use deepcross_profile::{
    ColumnKind, Examples, InferredColumn, LeftOutReason, ListNotation, Profile, ProfileOptions,
    infer_fields, profile_source,
};
use proptest::prelude::*;

use crate::tables::{ROWS, check, click, hash, is_positive, profile_of};

#[test]
fn names_are_ids() {
    let ids = |name: &str| format!("name = \"{name}\", kind = \"categorical\"");
    check("ad", &|i| format!("ad{}", hash(i, 1) % 40), &ids("ad"));
    check("user_id", &|i| (hash(i, 1) % 400).to_string(), &ids("user_id"));
    check("month", &|i| (hash(i, 1) % 12 + 1).to_string(), &ids("month"));
    check("region", &|i| format!("{:04}", hash(i, 1) % 900), &ids("region"));
    check("city", &|i| format!("New City {}", hash(i, 1) % 90), &ids("city"));
    let many = |i| format!("{:x}", hash(i, 1) % 1500);
    check("page", &many, &format!("{}, min_count = 2", ids("page")));
}

#[test]
fn whole_numbers_are_ids_if_their_order_says_nothing_about_the_label() {
    // In two of five rows the number depends on the label, in no order.
    let names =
        |i| (hash(i, 1) % 60 * 2 + usize::from(is_positive(i) && hash(i, 2) % 5 < 2)).to_string();
    check("x", &names, "name = \"x\", kind = \"categorical\", counts = true");
    let quantities = |i| (hash(i, 1) % 60 + 30 * usize::from(is_positive(i))).to_string();
    check("x", &quantities, "name = \"x\", kind = \"number\"");
    check("x", &|i| (hash(i, 1) % 60).to_string(), "name = \"x\", kind = \"number\"");
}

#[test]
fn quantities_are_numbers() {
    let number = |keys: &str| format!("name = \"x\", kind = \"number\"{keys}");
    check("x", &|i| format!("{:.2}", hash(i, 1) as f64 % 91.0), &number(""));
    let skewed = |i: usize| ((hash(i, 1) % 1000) as f64 / 100.0).exp();
    check("x", &|i| format!("{:.1}", skewed(i)), &number(", transform = \"log1p\""));
    check("x", &|i| format!("{:.1}", skewed(i) - 9.0), &number(", transform = \"signed-log\""));
    let with = |mark: &'static str| {
        move |i: usize| {
            if i.is_multiple_of(9) { mark.to_owned() } else { format!("{}.5", hash(i, 1) % 50) }
        }
    };
    for mark in ["", "NA", "?", "-", "None", "\\N"] {
        check("x", &with(mark), &number(", missing = \"indicator\""));
    }
    check("x", &with("far"), "name = \"x\", kind = \"categorical\"");
}

#[test]
fn lists_have_elements_that_occur_again() {
    let list = |n: usize, joint: &'static str, element: fn(usize) -> String| {
        move |i: usize| {
            (0..hash(i, 1) % n).map(|j| element(hash(i, j + 2))).collect::<Vec<_>>().join(joint)
        }
    };
    let field = |separator, keys| {
        format!("name = \"x\", kind = \"multi-hot\", separator = \"{separator}\"{keys}")
    };
    check("x", &list(5, "|", |h| format!("g{}", h % 20)), &field("|", ""));
    check("x", &list(5, "; ", |h| format!("a name {}", h % 20)), &field(";", ""));
    check("x", &list(5, ",", |h| (h % 20).to_string()), &field(",", ""));
    check("x", &list(5, " ", |h| format!("t{}", h % 20)), &field(" ", ""));
    check("x", &list(30, "|", |h| format!("g{}", h % 20)), &field("|", ", pooling = \"mean\""));
    let weighted = |h: usize| format!("w{}:{}.5", h % 20, h % 7);
    check("x", &list(5, "|", weighted), &field("|", ", weights = true"));
    let with_times =
        |h: usize| if h.is_multiple_of(50) { "a:b".to_owned() } else { format!("w:{}", h % 9) };
    check("x", &list(5, "|", with_times), &field("|", ""));
}

#[test]
fn texts_have_several_words() {
    let words = |n| {
        move |i| {
            (0..=n)
                .map(|j| format!("{}{}", LETTERS[hash(i, j) % 20], LETTERS[hash(i, j + 50) % 20]))
                .collect::<Vec<_>>()
                .join(" ")
        }
    };
    check("x", &words(4), "name = \"x\", kind = \"text\", min_count = 2");
}

const LETTERS: [&str; 20] = [
    "be", "ca", "do", "fi", "go", "hu", "ja", "ki", "lo", "ma", "no", "pu", "ra", "se", "ti", "vo",
    "wa", "xe", "yo", "za",
];

#[test]
fn times_are_an_hour_and_a_weekday() {
    let field = |name: &str, part, format| {
        format!(
            "name = \"{name}\", kind = \"time\", column = \"at\", part = \"{part}\", time_format = \"{format}\""
        )
    };
    let both = |format| {
        [field("at_hour", "hour", format), field("at_weekday", "weekday", format)].join(" + ")
    };
    check("at", &|i| (1_471_080_600 + 911 * i).to_string(), &both("unix"));
    check("at", &|i| (1_471_080_600_000 + 911_123 * i).to_string(), &both("unix-ms"));
    check("at", &|i| format!("1410{:02}{:02}", 1 + i % 30, i % 24), &both("yymmddhh"));
    check("at", &|i| format!("2016-08-{:02} {:02}:30:00", 1 + i % 30, i % 24), &both("date-time"));
    let weekday = field("at_weekday", "weekday", "date-time");
    check("at", &|i| format!("2016-08-{:02}", 1 + i % 30), &weekday);
}

#[test]
fn columns_that_cannot_help_are_left_out() {
    check("x", &|_| "same".to_owned(), "Constant");
    check("x", &|_| String::new(), "Empty");
    check("x", &|_| "?".to_owned(), "Empty");
    check("x", &|i| (i + 17).to_string(), "RowId");
    check("x", &|i| format!("{:x}", hash(i, 1)), "RowId");
    check("click_id", &|i| (hash(i, 1)).to_string(), "RowId");
    check("", &|i| (hash(i, 1) % 60).to_string(), "NoName");
    // A measure may have a different value in each row, and a column may be empty in many rows.
    check("x", &|i| format!("{}.5", hash(i, 1) % 100_000), "name = \"x\", kind = \"number\"");
    let flag = |i: usize| if i.is_multiple_of(3) { "yes".to_owned() } else { String::new() };
    check("x", &flag, "name = \"x\", kind = \"categorical\"");
}

#[test]
fn columns_that_predict_the_label_are_left_out() {
    let label = |i| if is_positive(i) { "buy" } else { "no" }.to_owned();
    check("x", &label, "Leak");
    // Many values, each of one class.
    check("x", &|i| format!("{}{}", label(i), hash(i, 1) % 90), "Leak");
    // A value that is written only after a click.
    check("x", &|i| if is_positive(i) { hash(i, 1).to_string() } else { String::new() }, "Leak");
    // A number that differs in every row.
    let number = |i| hash(i, 1) % 1_000_000 * 2 + 3_000_000 * usize::from(is_positive(i));
    check("x", &|i| format!("{}.25", number(i)), "Leak");
    // A column that is right in nine of ten rows is not a leak.
    let nearly = |i| if hash(i, 1).is_multiple_of(10) { "no".to_owned() } else { label(i) };
    check("x", &nearly, "name = \"x\", kind = \"categorical\"");
}

#[test]
fn without_labels_nothing_is_a_leak() {
    let mut csv = String::from("click,x\n");
    for i in 0..ROWS {
        let click = usize::from(is_positive(i));
        writeln!(csv, "{click},v{click}").unwrap();
    }
    let profile = profile_of(&csv, None);
    assert_eq!(profile.rows.mean_label(), None);
    assert!(infer_fields(&profile).columns.iter().all(|column| column.left_out.is_none()));
    // A few rows prove nothing, whatever they hold.
    let few: String = csv.split_inclusive('\n').take(31).collect();
    let of_few = infer_fields(&profile_of(&few, click()));
    assert_eq!(of_few.columns[0].left_out, Some(LeftOutReason::Label));
    assert_eq!(of_few.columns[1].left_out, None);
}

#[test]
fn columns_of_libffm_are_lists_by_their_format() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.ffm");
    std::fs::write(&file, "1 10:4:1 2:7:0.5 2:8:1\n0 2:7:1\n\n-1 0:1:1 10:5:-2 # last\n").unwrap();
    let source = Source::open(&[file], &DataConfig::default()).unwrap();
    let label = Some(LabelConfig::binary("label").into());
    let profile = profile_source(&source, &ProfileOptions { label, guess_missing: true }).unwrap();
    assert_eq!((profile.rows.rows, profile.rows.positives()), (3, 1));
    for column in &infer_fields(&profile).columns[1..] {
        assert!(
            matches!(column.kind, ColumnKind::List(form) if form.notation == ListNotation::Separator(' ')),
            "{column:?}"
        );
        let FieldKind::MultiHot(kind) = &column.fields[0].kind else { panic!("{column:?}") };
        assert_eq!(kind.weights, Some(true));
    }
}

#[test]
fn rows_labels_and_values_are_counted() {
    let csv = "click,x\n1,a\n0,a\n1,b\n0,\n1,\n0,?\n,a\n";
    let profile = profile_of(csv, click());
    assert_eq!(profile.missing, ["", "?"]);
    assert_eq!((profile.rows.rows, profile.rows.labelled(), profile.rows.positives()), (7, 6, 3));
    let x = &profile.columns[1];
    assert_eq!((x.missing().rows, x.missing().mean_label()), (3, Some(1.0 / 3.0)));
    assert_eq!((x.present().rows, x.distinct().n), (4, 2));
    let top = x.top(5);
    let top: Vec<_> =
        top.iter().map(|v| (&*v.text, v.counts.rows, v.counts.mean_label())).collect();
    assert_eq!(top, [("a", 3, Some(0.5)), ("b", 1, Some(1.0))]);
}

#[test]
fn a_value_that_means_missing_means_it_in_all_columns() {
    let row = |i: usize, odd: &str| {
        let odd = if i.is_multiple_of(500) { odd.to_owned() } else { format!("{}.5", i % 40) };
        let grade = ["S", "M", "L"][i % 3];
        format!("{},{odd},{grade},{}%,{}\n", usize::from(is_positive(i)), i % 50, hash(i, 1) % 90)
    };
    let table = |odd| {
        let rows: String = (0..ROWS).map(|i| row(i, odd)).collect();
        profile_of(&format!("click,x,grade,share,y\n{rows}"), click())
    };
    let kinds = |profile: &Profile| {
        let kind = |column: &InferredColumn| column.kind.field_kind();
        infer_fields(profile).columns.iter().map(kind).collect::<Vec<_>>()
    };
    let profile = table("far");
    assert_eq!(profile.missing, ["", "far"]);
    assert_eq!((kinds(&profile)[1], profile.columns[1].missing().rows), ("number", 4));
    // A percentage or an ordinary grade of another column and a class of the label are no missing values.
    for odd in ["5%", "1", "S"] {
        let profile = table(odd);
        assert_eq!(profile.missing, [""], "{odd}");
        assert_eq!(profile.columns[2].missing().rows, 0, "{odd}");
        assert_eq!(kinds(&profile)[3], "number", "{odd}");
    }
    for odd in ["5%", "S"] {
        let profile = table(odd);
        assert_eq!(kinds(&profile)[1], "categorical", "{odd}");
        assert!(infer_fields(&profile).columns[1].reason.is_worth_a_note(), "{odd}");
    }
}

#[test]
fn each_column_with_a_marker_of_another_is_named() {
    let row = |i: usize| {
        let n = if i.is_multiple_of(40) { "NA".to_owned() } else { format!("{}.5", i % 40) };
        let country = ["NA", "DE", "US"][i % 3];
        let rare = if i.is_multiple_of(1000) { "far" } else { "near" };
        let odd = if i.is_multiple_of(500) { "far".to_owned() } else { (i % 70).to_string() };
        format!("{},{n},{country},{rare},{odd}\n", usize::from(is_positive(i)))
    };
    let rows: String = (0..ROWS).map(row).collect();
    let profile = profile_of(&format!("click,n,country,rare,odd\n{rows}"), click());
    assert_eq!(profile.missing, ["", "NA", "far"]);
    let inferred = infer_fields(&profile);
    let explained = |i: usize| {
        inferred.columns[i].explain_missing(&profile.columns[i], Examples::Shown).unwrap()
    };
    assert_eq!(explained(1), "50 of 2,000 rows count as missing: `NA`");
    let elsewhere = "rows have what means missing in another column, and count as missing";
    assert_eq!(explained(2), format!("667 of 2,000 {elsewhere}: `NA`"));
    assert_eq!(explained(3), format!("2 of 2,000 {elsewhere}: `far`"));
    assert!(explained(4).contains("are not numbers and count as missing: `far`"));
}

#[test]
fn a_profile_needs_the_label_and_rows() {
    let folder = tempfile::tempdir().unwrap();
    let open = |csv: &str| {
        let file = folder.path().join("x.csv");
        std::fs::write(&file, csv).unwrap();
        Source::open(&[file], &DataConfig::default()).unwrap()
    };
    let plan = ProfileOptions { label: click(), guess_missing: true };
    let error = profile_source(&open("clik,x\n1,a\n"), &plan).unwrap_err();
    assert!(
        matches!(&error, DataError::MissingColumn { nearest: Some(near), .. } if near == "clik")
    );
    let error = profile_source(&open("click,x\n"), &plan).unwrap_err();
    assert!(matches!(error, DataError::NoRows { .. }));
}

/// Values that look like several kinds at once.
const ODD: [&str; 24] = [
    "",
    "?",
    "NA",
    "-",
    "0",
    "1",
    "01",
    "-5",
    "+7",
    "1.5",
    "1e39",
    "inf",
    "nan",
    "a",
    "a b",
    "a|b",
    "a:1|b:2",
    "a:x|b:2",
    ":1|b",
    "1471080600",
    "2016-08-13",
    "2016-08-13 09:30:00",
    "16081309",
    "é ü|ß",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// An encoder refuses values that are not of its kind: no encoder may be chosen that refuses a value of the profiled
    /// rows.
    #[test]
    fn inferred_fields_can_be_fitted(
        kinds in prop::collection::vec(prop::collection::vec(prop::sample::select(&ODD[..]), 1..5), 1..4),
        picks in prop::collection::vec(any::<[u8; 4]>(), 1..120),
    ) {
        let names = (0..kinds.len()).map(|i| format!("c{i}")).collect::<Vec<_>>().join(",");
        let mut csv = format!("click,{names}\n");
        for pick in &picks {
            let values = kinds.iter().enumerate().map(|(i, kind)| kind[usize::from(pick[i + 1]) % kind.len()]);
            let values = values.map(|value| format!("\"{value}\"")).collect::<Vec<_>>().join(",");
            writeln!(csv, "{},{values}", pick[0] % 2).unwrap();
        }
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("x.csv");
        std::fs::write(&file, &csv).unwrap();
        let config = DataConfig { label: Some(LabelConfig::binary("click")), ..DataConfig::default() };
        let source = Source::open(std::slice::from_ref(&file), &config).unwrap();
        let plan = ProfileOptions { label: click(), guess_missing: true };
        let profile = profile_source(&source, &plan).unwrap();
        let fields: Vec<_> = infer_fields(&profile).fields().cloned().collect();
        prop_assume!(!fields.is_empty());
        let schema = Schema::new(fields, profile.missing.clone());
        let schema = schema.map_err(|problems| TestCaseError::fail(Problem::join(&problems, "\n")))?;
        let fitted = fit(&source, &schema, Partition::All, BadRows::Error);
        prop_assert!(fitted.is_ok(), "{}\n{csv}", fitted.unwrap_err());
    }
}
