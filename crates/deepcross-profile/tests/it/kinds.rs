//! What columns are, and why: a list of columns as people have them.

use deepcross_profile::{ColumnKind, infer_fields};

use crate::tables::{click, explained, hash, is_positive, profile_of};

/// A column: its name, its values by row, the fields or the reason why it is left out, and a part of the explanation.
type Case = (&'static str, Box<dyn Fn(usize) -> String>, &'static str, &'static str);

fn case(
    name: &'static str,
    value: impl Fn(usize) -> String + 'static,
    kind: &'static str,
    why: &'static str,
) -> Case {
    (name, Box::new(value), kind, why)
}

/// Checks each column; `kind` is that of the first field.
fn check_all(cases: Vec<Case>) {
    let mut wrong = Vec::new();
    for (name, value, kind, why) in cases {
        let (fields, reason) = explained(name, &value);
        let of_field = fields.split_once("kind = \"").map(|(_, rest)| rest);
        let found = of_field.and_then(|rest| rest.split('"').next()).unwrap_or(&fields);
        if found != kind || !reason.contains(why) {
            let value = value(1);
            wrong.push(format!(
                "{name} such as {value}: {found}, since {reason}; expected {kind}, {why}"
            ));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// A random number below `n`.
fn below(i: usize, n: usize) -> usize {
    hash(i, 1) % n
}

/// A second in 40 days from the first of March 2024 on.
fn second(i: usize) -> usize {
    1_709_251_200 + below(i, 40 * 86_400)
}

#[test]
fn long_numbers_are_ids_unless_they_are_times() {
    // 300 names of ten digits, drawn once.
    let ten_digits = |i: usize| 1_000_000_000 + hash(below(i, 300), 2) % 1_000_000_000;
    check_all(vec![
        case("user_id", move |i| ten_digits(i).to_string(), "categorical", "name things"),
        case("u", move |i| ten_digits(i).to_string(), "categorical", "10 digits"),
        case("x", |i| (1_500_000_000 + below(i, 60)).to_string(), "categorical", "10 digits"),
        case(
            "item_id",
            |i| (1_500_000_000 + below(i, 60)).to_string(),
            "categorical",
            "name things",
        ),
        case("x", |i| (1_700_000_000_000 + below(i, 50)).to_string(), "categorical", "13 digits"),
        case(
            "advertiser_id",
            |i| (1_700_000_000_000 + below(i, 8)).to_string(),
            "categorical",
            "name",
        ),
        case("ip", |i| (950_000_000 + below(i, 1_550_000_000)).to_string(), "RowId", "different"),
        case("phone", |i| (2_020_000_000 + below(i, 9_999_999)).to_string(), "RowId", "different"),
        case("phone", |i| (2_020_000_000 + 7 * below(i, 400)).to_string(), "categorical", "name"),
        case("c7", |i| (1_000_000_000 + below(i, 1_000_000_000)).to_string(), "RowId", "different"),
        case(
            "c7",
            |i| (hash(below(i, 300), 3) << 20).to_string(),
            "categorical",
            "order says nothing",
        ),
        case("order_no", |i| (20_240_101 + below(i, 28)).to_string(), "categorical", "name"),
        case("ts", |i| second(i).to_string(), "time", "seconds since 1970: "),
        case("ms", |i| format!("{}000", second(i)), "time", "milliseconds since 1970: "),
        case("ms", |i| (40 * below(i, 4000)).to_string(), "number", "by the name"),
        case("x", |i| second(i).to_string(), "time", "seconds since 1970: "),
        case("x", |i| format!("{}.5", second(i)), "time", "seconds since 1970: "),
        case("x", |i| format!("{}000", second(i)), "time", "milliseconds since 1970: "),
        case("x", |i| format!("{}000000", second(i)), "time", "microseconds since 1970: "),
        case("x", |i| format!("{}000000000", second(i)), "time", "nanoseconds since 1970: "),
        case("x", |i| (1_709_251_200 + 3600 * below(i, 240)).to_string(), "time", "seconds"),
        case("x", |i| (1_709_251_200 + 86_400 * below(i, 40)).to_string(), "time", "seconds"),
        // Numbers of less than two days.
        case("x", |i| (1_600_000_000 + below(i, 5000)).to_string(), "categorical", "10 digits"),
        case("x", |i| (1_600_000_000 + below(i, 99_991)).to_string(), "RowId", "different"),
        case("x", |i| (1_600_000_000 + 60 * below(i, 2000)).to_string(), "categorical", "digits"),
        case("ts", |i| (1_600_000_000 + below(i, 5000)).to_string(), "time", "seconds"),
        case("created_at", |i| (1_500_000_000 + below(i, 60)).to_string(), "time", "seconds"),
        case(
            "at",
            |i| if i.is_multiple_of(10) { "0".to_owned() } else { second(i).to_string() },
            "time",
            "seconds",
        ),
    ]);
}

/// Three days with as many rows as seconds: ids that count up, by one or by three, and times at random.
#[test]
fn ids_that_count_up_are_not_times() {
    const SECONDS: usize = 259_200;
    let kind = |rows: usize, number: &dyn Fn(usize) -> usize| {
        let rows = (0..rows).map(|i| format!("{},{}\n", i % 2, 1_600_000_000 + number(i)));
        let csv = format!("click,x\n{}", rows.collect::<String>());
        infer_fields(&profile_of(&csv, click())).columns[1].kind
    };
    let is_time = |kind| matches!(kind, ColumnKind::Time(_));
    assert!(!is_time(kind(SECONDS, &|i| i)));
    assert!(!is_time(kind(SECONDS / 3, &|i| 3 * i)));
    assert!(is_time(kind(SECONDS / 2, &|i| below(i, SECONDS))));
}

#[test]
fn calendars_come_before_seconds() {
    let date = |i: usize| format!("2024{:02}{:02}", 1 + below(i, 12), 1 + hash(i, 2) % 28);
    let clock = |i: usize| (hash(i, 3) % 24, hash(i, 4) % 60);
    check_all(vec![
        case("x", date, "time", "dates in digits, the year first: 2024"),
        case("day", date, "time", "dates in digits"),
        case("x", move |i| format!("{}{:02}", date(i), clock(i).0), "time", "dates in digits"),
        case(
            "x",
            move |i| format!("{}{:02}{:02}", date(i), clock(i).0, clock(i).1),
            "time",
            "in digits",
        ),
        case(
            "x",
            move |i| format!("{}{:02}{:02}07", date(i), clock(i).0, clock(i).1),
            "time",
            "in digits",
        ),
        case(
            "hour",
            |i| (24_010_100 + below(i, 24)).to_string(),
            "time",
            "hours as YYMMDDHH: 240101",
        ),
        case("item", date, "categorical", "name"),
        case("x", |i| (20_240_001 + below(i, 5000)).to_string(), "number", "number"),
        case("hour", |i| below(i, 24).to_string(), "categorical", "parts of a calendar"),
        case("minute", |i| below(i, 60).to_string(), "categorical", "parts of a calendar"),
        case("year", |i| (1960 + below(i, 60)).to_string(), "number", "number"),
    ]);
}

fn month(i: usize) -> usize {
    1 + hash(i, 2) % 12
}

fn day(i: usize) -> usize {
    1 + hash(i, 1) % 28
}

fn clock(i: usize) -> String {
    let part = |salt: usize, n: usize| hash(i, salt) % n;
    format!("{:02}:{:02}:{:02}", part(3, 24), part(4, 60), part(5, 60))
}

fn iso(i: usize) -> String {
    format!("2024-{:02}-{:02}", month(i), day(i))
}

fn month_name(i: usize) -> &'static str {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    MONTHS[month(i) - 1]
}

#[test]
fn dates_are_read_in_many_forms() {
    let us = |i: usize| format!("{:02}/{:02}/2024 {}", month(i), day(i), clock(i));
    let german = |i: usize| format!("{:02}.{:02}.2024 {}", day(i), month(i), clock(i));
    let log = |i: usize| format!("{:02}/{}/2024:{} +0000", day(i), month_name(i), clock(i));
    check_all(vec![
        case("x", iso, "time", "dates, the year first, such as 2024-"),
        case("x", |i| format!("{}T{}Z", iso(i), clock(i)), "time", "the year first, such as 2024-"),
        case("x", |i| format!("{} {}+02:00", iso(i), clock(i)), "time", "the year first"),
        case("x", |i| format!("{} {} UTC", iso(i), clock(i)), "time", "the year first"),
        case("x", |i| iso(i).replace('-', "/"), "time", "the year first"),
        case("x", us, "time", "the month first: "),
        case("x", |i| format!("{}/{}/2024", day(i), month(i)), "time", "the day first: "),
        case("x", german, "time", "the day first: "),
        case("x", log, "time", "the name of the month"),
        case("x", |i| format!("{} {} 2024", day(i), month_name(i)), "time", "name of the month"),
        case("x", move |i| format!("[{}]", log(i)), "time", "name of the month: ["),
        case("x", |i| format!("{}. {} 2024", day(i), month_name(i)), "time", "name of the month"),
        case("x", |i| iso(i).replace('-', "_"), "time", "the year first: 2024_"),
        case("x", |i| format!("{}Z", iso(i)), "time", "the year first: 2024-"),
        case("x", |i| format!("'{}'", iso(i)), "time", "the year first: '2024-"),
        case("x", |i| format!("{} {}", iso(i), clock(i)).replace(['-', ':'], "."), "time", "first"),
        case("x", |i| format!("{}-{}", iso(i), clock(i).replace(':', "-")), "time", "first"),
        case(
            "x",
            move |i| format!("{} {}", clock(i), german(i).split(' ').next().unwrap()),
            "time",
            "day first",
        ),
        case("x", |i| format!("/Date({}000)/", second(i)), "time", "the year first: /Date("),
        case("x", |i| format!("{} {}", weekday(i), iso(i)), "time", "the year first: "),
    ]);
}

/// The weekday of [`iso`].
fn weekday(i: usize) -> &'static str {
    const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
    const DAYS_BEFORE: [usize; 12] = [0, 31, 60, 91, 121, 152, 182, 213, 244, 274, 305, 335];
    // The first of January 2024 was a Monday.
    DAYS[(DAYS_BEFORE[month(i) - 1] + day(i) - 1) % 7]
}

/// A year of days, with the name of a month in German.
fn in_german(i: usize) -> String {
    const MONTHS: [&str; 4] = ["Januar", "März", "Mai", "Oktober"];
    format!("{}. {} 2024", day(i), MONTHS[month(i) % 4])
}

#[test]
fn dates_that_are_not_read_or_not_sure_are_said() {
    let early = |i: usize| format!("{:02}/{:02}/2024", 1 + hash(i, 1) % 12, month(i));
    let unread = "a form that is not read (`";
    let clocks = "a time of the day without a date (`";
    let (short, part) =
        ("with a year of two digits (`", "a part of a year, or a day without a year (`");
    check_all(vec![
        case("x", early, "time", "no value shows"),
        case("x", |i| format!("{}/{}/24", month(i), day(i)), "categorical", short),
        case("x", |i| format!("{:02}.{:02}.24", day(i), month(i)), "categorical", short),
        case("x", |i| format!("24{}", &iso(i)[4..]), "categorical", "write it with four digits"),
        case("x", |i| format!("2024-{:02}", month(i)), "categorical", part),
        case("x", |i| format!("2024-W{:02}", 1 + below(i, 52)), "categorical", part),
        case("x", |i| format!("2024Q{}", 1 + below(i, 4)), "categorical", part),
        case("x", |i| format!("2024-{:03}", 1 + below(i, 366)), "categorical", part),
        case("x", |i| format!("{:02}/{:02}", month(i), day(i)), "categorical", part),
        case("x", clock, "categorical", clocks),
        case("x", |i| format!("{} days {}", day(i), clock(i)), "RowId", "a length of time (`"),
        case("x", |i| format!("{} {} EST", iso(i), clock(i)), "RowId", unread),
        case("x", |i| format!("{} {} Europe/Berlin", iso(i), clock(i)), "RowId", unread),
        case("x", |i| format!("{}/{}/2024 EST", month(i), day(i)), "categorical", unread),
        case("x", in_german, "categorical", unread),
        case("x", |i| format!("2024年{}月{}日", month(i), day(i)), "categorical", unread),
        case(
            "x",
            |i| format!("Model {} {}", 1 + below(i, 9), 2000 + month(i)),
            "multi-hot",
            "words between blanks",
        ),
        case("x", |i| format!("{}-{}", 10 * month(i), 10 * month(i) + 9), "categorical", "texts"),
    ]);
}

#[test]
fn a_few_odd_values_do_not_change_a_column() {
    let spend = |i: usize| format!("{:.4}", (hash(i, 1) % 9000) as f64 / 977.0);
    let mut cases = Vec::new();
    for odd in
        ["inf", "#DIV/0!", "1.234,50", "NAN", "unknown", "-nan", "5%", "far", "1,5", "n/a", "NaT"]
    {
        let value = move |i: usize| if i % 1000 == 77 { odd.to_owned() } else { spend(i) };
        cases.push(case("spend", value, "number", "not missing is a number"));
    }
    // In a tenth of the rows, only texts that mean a missing value leave numbers numbers.
    for missing in ["inf", "#DIV/0!", "NAN", "unknown", "-nan", "Null", "NONE", "-", "."] {
        let value =
            move |i: usize| if i.is_multiple_of(10) { missing.to_owned() } else { spend(i) };
        cases.push(case("x", value, "number", "number"));
    }
    let far = move |i: usize| if i.is_multiple_of(10) { "far".to_owned() } else { spend(i) };
    cases.push(case("x", far, "categorical", "99.9 % of its different values are numbers"));
    let dates = |i: usize| match i % 500 {
        3 => "0000-00-00".to_owned(),
        _ => format!("2024-{:02}-{:02}", 1 + below(i, 12), 1 + hash(i, 2) % 28),
    };
    cases.push(case("x", dates, "time", "the year first"));
    let price =
        |i: usize| if i.is_multiple_of(500) { "$5".to_owned() } else { below(i, 99).to_string() };
    cases.push(case("price", price, "number", "by the name"));
    check_all(cases);
}

fn grouped(i: usize) -> String {
    let amount = below(i, 9_000_000);
    match 1 + amount / 1000 {
        n if n < 1000 => format!("{n},{:03}", amount % 1000),
        n => format!("{},{:03},{:03}", n / 1000, n % 1000, amount % 1000),
    }
}

#[test]
fn amounts_in_other_forms_are_read_or_said() {
    let currency = "an amount with a currency (`";
    let cents = |i: usize| format!("{},{}", below(i, 90), 1 + hash(i, 2) % 98);
    check_all(vec![
        case("price", cents, "number", "with a decimal comma: 0,13 is 0.13"),
        case("rate", |i| format!("{}%", below(i, 90)), "number", "percentages: 0% is 0"),
        case("rate", |i| format!("{},5 %", below(i, 90)), "number", "percentages with a decimal"),
        case("price", |i| format!("${}.50", grouped(i)), "RowId", currency),
        case("price", |i| format!("€ {}", below(i, 90)), "categorical", currency),
        case("price", |i| format!("{},5 EUR", below(i, 90)), "categorical", currency),
        case("views", grouped, "RowId", "a number with thousands separators (`"),
        case("x", |i| format!("{} km", below(i, 90)), "categorical", "a number with a unit (`"),
        case(
            "seat",
            |i| format!("{}{}", below(i, 40), ["a", "b", "c", "d"][i % 4]),
            "categorical",
            "texts",
        ),
        case("size", |i| ["300x250", "728x90"][i % 2].to_owned(), "categorical", "texts"),
    ]);
}

#[test]
fn lists_of_numbers_with_fractions_are_vectors() {
    let vector = |i: usize| {
        format!("[{:.6}, {:.6}]", below(i, 99_991) as f64 / 7e5, hash(i, 3) as f64 / 2e13)
    };
    check_all(vec![
        case("x", vector, "vector", "2 numbers in each value"),
        case(
            "x",
            move |i| vector(i).replace(['[', ']'], "").replace(", ", "|"),
            "vector",
            "2 numbers",
        ),
        case("x", |i| format!("0.5 {}.25 {}", below(i, 991), i % 7), "vector", "3 numbers in each"),
        // A few values of another width count as missing.
        case(
            "x",
            move |i| if i == 5 { "[0.5]".to_owned() } else { vector(i) },
            "vector",
            "2 numbers",
        ),
        // Two numbers between blanks may be one number.
        case(
            "x",
            |i| format!("{} {}.5", 1 + i % 9, 100 + below(i, 891)),
            "categorical",
            "thousands",
        ),
        case("x", |i| format!("[{}, {}]", i, 7 * i + 9001), "RowId", "elements do not occur again"),
    ]);
}

#[test]
fn lists_in_brackets_are_lists() {
    let elements = |i: usize| (0..=i % 4).map(move |j| hash(i, j + 2) % 40);
    let joined = move |i: usize, quote: &str| {
        let quoted: Vec<_> = elements(i).map(|n| format!("{quote}{n}{quote}")).collect();
        quoted.join(", ")
    };
    check_all(vec![
        case(
            "x",
            move |i| format!("[{}]", joined(i, "")),
            "multi-hot",
            "in brackets, as programs print them: [",
        ),
        case(
            "x",
            move |i| format!("[{}]", joined(i, "'")),
            "multi-hot",
            "in brackets, as programs print them: [",
        ),
        case(
            "x",
            move |i| format!("[{}]", joined(i, "\"")),
            "multi-hot",
            "in brackets, as programs print them: [",
        ),
        case(
            "x",
            move |i| format!("{{{}}}", joined(i, "").replace(' ', "")),
            "multi-hot",
            "print them: {",
        ),
        case(
            "x",
            move |i| format!("({})", joined(i, "")),
            "multi-hot",
            "as programs print them: (",
        ),
        // Two or three names of three digits, which repeat.
        case(
            "x",
            move |i| {
                elements(4 * i + 1 + i % 2)
                    .map(|n| (500 + n).to_string())
                    .collect::<Vec<_>>()
                    .join(",")
            },
            "multi-hot",
            "between `,`",
        ),
        case(
            "agent",
            |i| format!("Mozilla/5.0 (X11; Linux; v{})", below(i, 9)),
            "categorical",
            "texts",
        ),
    ]);
}

#[test]
fn names_and_order_tell_ids_from_quantities() {
    let named = |i: usize| {
        (below(i, 90) * 2 + usize::from(is_positive(i) && hash(i, 2) % 5 < 2)).to_string()
    };
    check_all(vec![
        case("x", named, "categorical", "those near it do not"),
        case("price", named, "number", "quantities, by the name"),
        case("x", move |i| named(i) + ".0", "categorical", "those near it do not"),
        case("zip", |i| format!("{:05}", below(i, 900)), "categorical", "name"),
        case("x", |i| format!("{:05}", below(i, 900)), "categorical", "begin with 0"),
        case("movie_id", |i| format!("{}.0", below(i, 900)), "categorical", "name"),
        case("os", |i| below(i, 40).to_string(), "categorical", "name"),
        case("channel", |i| below(i, 400).to_string(), "categorical", "name"),
        case("age", |i| (18 + below(i, 60)).to_string(), "number", "by the name"),
        case("age", |i| (18 + below(i, 25)).to_string(), "number", "by the name"),
        case("age", |i| (1 + below(i, 7)).to_string(), "categorical", "few whole numbers"),
        case("n_items", |i| below(i, 20).to_string(), "number", "by the name"),
        case("x", |i| below(i, 20).to_string(), "categorical", "few whole numbers"),
        case("x", |i| below(i, 90).to_string(), "number", "each value is a number"),
        case(
            "version",
            |i| ["1.1", "1.10", "1.2", "10.0"][i % 4].to_owned(),
            "categorical",
            "versions",
        ),
        case("x", |i| ["true", "false"][below(i, 2)].to_owned(), "categorical", "texts"),
    ]);
}

#[test]
fn queries_are_offered_and_no_feature() {
    let of_twenty = |i: usize| (i / 20).to_string();
    check_all(vec![
        case(
            "qid",
            of_twenty,
            "Queries",
            "20 on average, and new rows have new groups; `evaluate --by qid`",
        ),
        case(
            "session_id",
            |i| format!("s{:x}", hash(i / 4, 9)),
            "Queries",
            "`evaluate --by session_id`",
        ),
        case("impression_id", |i| format!("{:x}", hash(i, 9)), "RowId", "different"),
        case("user_id", of_twenty, "categorical", "name"),
        case("session_id", |i| (i % 5).to_string(), "categorical", "name"),
    ]);
}
