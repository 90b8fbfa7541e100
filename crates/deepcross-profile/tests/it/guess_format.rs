//! The format of files that neither their names nor any settings show.

use deepcross_data::{BadRows, DataConfig, Format, LabelConfig, Source, header_looks_like_values};
use deepcross_profile::guess_format;
use proptest::prelude::*;

/// The keys that are guessed for a file with this name and content, as TOML in one line.
fn guessed(name: &str, content: &str, set: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(name);
    std::fs::write(&file, content).unwrap();
    let config: DataConfig = toml::from_str(set).unwrap();
    let guessed = guess_format(&vec![file].into(), &config).unwrap();
    let text = toml::to_string(&guessed).unwrap();
    let keys = ["format", "delimiter", "quote", "escape", "comment", "columns", "header"];
    let is_guessed = |line: &&str| keys.iter().any(|key| line.starts_with(key));
    text.lines().filter(is_guessed).collect::<Vec<_>>().join(", ")
}

#[test]
fn what_the_name_does_not_show_is_guessed() {
    let criteo = format!("1\t5{}\n", "\t".repeat(38)).repeat(3);
    let headed = format!("label\tI1{}\n{criteo}", "\t".repeat(38));
    let cases = [
        ("a.csv", "a,b\n1,2\n", "", ""),
        ("a.tsv", "a\tb\n1\t2\n", "", ""),
        ("a.csv", "a;b;c\n1;2;3,5\n", "", "delimiter = \";\""),
        ("a.csv", "a\tb\n1\t2\n", "", "delimiter = \"\\t\""),
        ("a.csv", "a\n1\n2\n", "", ""),
        ("a.csv", "", "", ""),
        ("a.data", "a, b\n1, 2\n", "", "format = \"csv\""),
        ("a.data", "a\tb, c\n1\t2, 3\n", "", "format = \"tsv\""),
        ("a.data", "a|b\n1|2\n", "", "format = \"csv\", delimiter = \"|\""),
        (
            "a.data",
            "a|b\n1|2\n",
            "delimiter = ','\nformat = 'csv'",
            "format = \"csv\", delimiter = \",\"",
        ),
        ("a.data", "|1x3 fold\n1,2,x|y\n3,4,z\n", "", "format = \"csv\", comment = \"|\""),
        ("a.csv", "# made, today, by hand\na,b\n1,2\n", "", "comment = \"#\""),
        ("a.csv", "# made, by hand\na,b\n1,2\n", "label = 'a'", "comment = \"#\""),
        ("a.csv", "#a,b\n1,2\n", "label = 'b'", ""),
        ("a.csv", "#1,a\nb,c\n#2,d\n", "label = 'c'", ""),
        ("a.csv", "#,b\n1,2\n", "", ""),
        ("a.csv", "x;y\n#1;2\n", "comment = '#'", "delimiter = \";\", comment = \"#\""),
        ("day_0", &criteo, "", "format = \"criteo\""),
        ("day_0.tsv", &criteo, "", "format = \"criteo\""),
        ("day_0.tsv", &headed, "", ""),
        ("day_0.tsv", &criteo, "format = 'tsv'", "format = \"tsv\""),
    ];
    for (name, content, set, expected) in cases {
        assert_eq!(guessed(name, content, set), expected, "{name}: {content}");
    }
}

#[test]
fn formats_of_one_row_in_each_line_are_recognised_by_their_lines() {
    let svm = "# made by hand\n+1 3:0.5 7:1  # the first\n\n-1\t7:2.5e-1 \r\n0\n1 11:1 3:2";
    let ffm = "1 10:4:1 2:7:0.5 2:8:1\n0 2:7:1\n\n-1 0:1:1 10:5:-2 # last\n";
    let cases = [
        ("a9a", svm, Some(Format::LIBSVM)),
        ("a9a", ffm, Some(Format::LIBFFM)),
        ("a.svm", ffm, None),
        ("a.csv", "1 2:1\n0 3:1\n", None),
        ("log", "\u{feff}{\"a\":1,\"b\":2}\n\n {\"a\":2}\n", Some(Format::JSONL)),
        ("a.ndjson", "{\"a\":1}\n", None),
        ("log", "{\"a\":1}\n1\n", Some(Format::CSV)),
        ("a.csv", "{\"a\":1,\"b\":2}\n{\"a\":2}\n", Some(Format::JSONL)),
        ("a.jsonl", "a,b\n1,2\n", Some(Format::CSV)),
        ("a.ndjson", "a\tb\n1\t2\n", Some(Format::TSV)),
        ("a.jsonl", "", None),
        ("a.data", "a b\n1 2\n", Some(Format::CSV)),
    ];
    for (name, content, expected) in cases {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(name);
        std::fs::write(&file, content).unwrap();
        let guessed = guess_format(&vec![file].into(), &DataConfig::default()).unwrap();
        assert_eq!(guessed.format, expected, "{name}");
    }
}

#[test]
fn headers_hold_few_numbers() {
    let cases = [
        ("click,ad,age", false),
        ("39,State-gov,77516,Bachelors", true),
        ("country,region,city,name,2015", false),
        ("a", false),
        ("1", true),
    ];
    for (header, expected) in cases {
        let header: Vec<_> = header.split(',').map(str::to_owned).collect();
        assert_eq!(header_looks_like_values(&header), expected, "{header:?}");
    }
}

/// Rows of a file with these characters around its fields, 60 of them.
fn rows(head: &str, row: impl Fn(usize) -> String) -> String {
    let rows = (0..60).map(|i| row(i) + "\n");
    format!("{head}\n{}", rows.collect::<String>())
}

/// Checks what is guessed for each case: a name, the name and the content of a file, the settings, and what is expected.
#[track_caller]
fn check(cases: &[(&str, &str, String, &str, &str)]) {
    for (name, file, content, set, expected) in cases {
        assert_eq!(guessed(file, content, set), *expected, "{name}: {content}");
    }
}

const CLICK: &str = "label = 'click'\n";

#[test]
fn quotes_and_escapes_are_respected() {
    let title = |i: usize| ["red, blue, hat", "shoe", "coat, cheap"][i % 3];
    let tags = |i: usize| ["a|b", "c|d"][i % 2];
    let quoted = |i: usize| format!("{},ad{},\"{}\",{}", i % 2, i % 5, title(i), tags(i));
    check(&[
        ("a comma within quotes", "a.csv", rows("click,ad,title,tags", quoted), CLICK, ""),
        ("without a label", "a.csv", rows("click,ad,title,tags", quoted), "", ""),
        (
            "line ends in quotes",
            "a.csv",
            rows("click,ad,comment", |i| {
                format!("{},ad{},\"one\nline \"\"two\"\", {i}\"", i % 2, i % 9)
            }),
            CLICK,
            "",
        ),
        (
            "an escape within quotes",
            "a.csv",
            rows("click,ad,title", |i| {
                format!("{},ad,{}", i % 2, ["\"a \\\"b\\\" c\"", "x", "y"][i % 3])
            }),
            CLICK,
            "escape = '\\'",
        ),
        (
            "an escape without quotes",
            "a.tsv",
            rows("click\ttitle", |i| format!("{}\ta\\\tb{i}", i % 2)),
            CLICK,
            "escape = '\\'",
        ),
        (
            "a backslash that escapes nothing",
            "a.tsv",
            rows("click\tuser", |i| format!("{}\t{}", i % 2, ["\\N", "u"][i % 2])),
            CLICK,
            "",
        ),
    ]);
}

#[test]
fn the_header_and_the_label_decide() {
    check(&[
        (
            "other delimiters in all texts",
            "a.csv",
            rows("click,ad,when,price", |i| format!("{},ad{},x;y,3|4", i % 2, i % 5)),
            CLICK,
            "",
        ),
        (
            "a comma in all rows and in the header",
            "a.csv",
            rows("click;ad;\"price, EUR\"", |i| format!("{};ad{};1,5", i % 2, i % 5)),
            CLICK,
            "delimiter = \";\"",
        ),
        (
            "the note of Excel",
            "a.csv",
            format!("sep=;\n{}", rows("click;ad", |i| format!("{};x,{}", i % 2, i))),
            CLICK,
            "delimiter = \";\"",
        ),
    ]);
}

#[test]
fn quotes_other_than_the_usual_ones_are_recognised() {
    check(&[
        (
            "single quotes",
            "a.csv",
            rows("click,ad,title", |i| format!("{},ad,{}", i % 2, ["'a, b'", "x"][i % 2])),
            CLICK,
            "quote = \"'\"",
        ),
        (
            "apostrophes",
            "a.csv",
            rows("click,ad,title", |i| format!("{},'ad,{}", i % 2, ["'tis", "it's"][i % 2])),
            CLICK,
            "",
        ),
        (
            "quotes that are text",
            "a.csv",
            rows("click,ad,title", |i| format!("{},ad,{}", i % 2, ["\"5\" nail\"", "shoe"][i % 2])),
            CLICK,
            "quote = false",
        ),
        (
            "one quote that does not close",
            "a.csv",
            rows("click,ad,title", |i| {
                format!("{},ad,{}", i % 2, if i == 30 { "\"never" } else { "\"ok\"" })
            }),
            CLICK,
            "",
        ),
        (
            "quotes in TSV",
            "a.tsv",
            rows("\"click\"\t\"title\"", |i| format!("{}\t\"t{i}\"", i % 2)),
            "",
            "quote = '\"'",
        ),
        (
            "quotes in the text of TSV",
            "a.tsv",
            rows("click\tq", |i| format!("{}\t\"a{i}", i % 2)),
            "",
            "",
        ),
    ]);
}

#[test]
fn delimiters_may_have_several_characters() {
    check(&[
        (
            "two characters",
            "a.dat",
            rows("click::ad::x", |i| format!("{}::ad{}::1", i % 2, i % 5)),
            CLICK,
            "format = \"csv\", delimiter = \"::\"",
        ),
        (
            "twice the same character",
            "a.csv",
            rows("click||ad||x", |i| format!("{}||ad{}||1", i % 2, i % 5)),
            CLICK,
            "delimiter = \"||\"",
        ),
        (
            "a control character",
            "000000_0",
            rows("0\u{1}a\u{1}1,5", |i| format!("{}\u{1}ad{}\u{1}1,5", i % 2, i % 5)),
            "columns = ['click', 'ad', 'x']\nlabel = 'click'",
            "format = \"csv\", columns = [\"click\", \"ad\", \"x\"], delimiter = \"\\u0001\"",
        ),
        (
            "blanks",
            "a.txt",
            rows("click ad x", |i| format!("{} ad{} 1", i % 2, i % 5)),
            CLICK,
            "format = \"csv\", delimiter = \" \"",
        ),
        ("words", "a.csv", rows("a title", |i| format!("word {i}")), "", ""),
        (
            "a set delimiter",
            "a.csv",
            rows("click|ad", |i| format!("{}|\"x|{i}\"", i % 2)),
            "delimiter = '|'\nlabel = 'click'",
            "delimiter = \"|\"",
        ),
    ]);
}

#[test]
fn a_header_that_lacks_a_name_is_completed() {
    check(&[
        (
            "row names",
            "a.csv",
            rows("\"click\",\"ad\",\"price\"", |i| format!("\"{i}\",{},\"ad\",{}", i % 2, i % 7)),
            CLICK,
            "columns = [\"\", \"click\", \"ad\", \"price\"], header = true",
        ),
        (
            "a delimiter at the end of rows",
            "a.csv",
            rows("click,ad,price", |i| format!("{},ad,{},", i % 2, i % 7)),
            CLICK,
            "columns = [\"click\", \"ad\", \"price\", \"\"], header = true",
        ),
        (
            "a value more than names",
            "a.csv",
            rows("click,ad", |i| format!("{},ad,{}", i % 2, i % 7)),
            CLICK,
            "",
        ),
        (
            "a delimiter at the end of all lines",
            "a.csv",
            rows("click,ad,price,", |i| format!("{},ad,{},", i % 2, i % 7)),
            CLICK,
            "",
        ),
    ]);
}

/// A value that needs quotes or escapes in some dialects.
fn value() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "red",
        "blue hat",
        "a, b",
        "x;y",
        "3|4",
        "say \"hi\"",
        "it's",
        "5\" nail",
        "two\nlines",
        "1,5",
        "",
        "é",
    ]);
    prop::collection::vec(piece, 1..3).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn frames_in_any_dialect_are_read_as_they_were_written(
        values in prop::collection::vec([value(), value()], 30..120),
        delimiter in prop::sample::select(vec![",", ";", "\t", "|", "\u{1}", "::"]),
        quote in prop::sample::select(vec!['"', '\'']),
        escape in prop::sample::select(vec![None, Some('\\')]),
        quotes_all: bool,
        name in prop::sample::select(vec!["x.csv", "x.txt", "x.tsv"]),
        named: bool,
    ) {
        let field = |text: &str| {
            let inner: String = text
                .chars()
                .flat_map(|c| {
                    let before = if c == quote { escape.or(Some(quote)) } else { None };
                    before.into_iter().chain([c])
                })
                .collect();
            let needs = text.contains(|c| delimiter.contains(c) || matches!(c, '"' | '\'' | '\n'));
            if needs || quotes_all { format!("{quote}{inner}{quote}") } else { text.to_owned() }
        };
        let line = |fields: &[&str]| fields.iter().map(|text| field(text)).collect::<Vec<_>>().join(delimiter);
        let header = ["click", "ad", "title", "price, EUR"];
        let rows: Vec<[String; 4]> = values
            .iter()
            .enumerate()
            .map(|(i, [a, b])| [(i % 2).to_string(), a.clone(), b.clone(), format!("{},5", i % 10)])
            .collect();
        let lines = rows.iter().map(|row| line(&row.each_ref().map(String::as_str)));
        let text = [line(&header)].into_iter().chain(lines).collect::<Vec<_>>().join("\n");
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(name);
        std::fs::write(&file, &text).unwrap();
        let label = named.then(|| LabelConfig::binary("click"));
        let config = DataConfig { label, ..DataConfig::default() };
        let config = guess_format(&vec![file.clone()].into(), &config).unwrap();
        let source = Source::open(&[file], &config).unwrap();
        prop_assert_eq!(source.header(), header, "{:?}\n{}", config, text);
        let (mut reader, mut found) = (source.rows(BadRows::Error).unwrap(), Vec::new());
        while let Some(row) = reader.next_row().unwrap() {
            found.push(row.fields().map(|field| String::from_utf8_lossy(field).into_owned()).collect::<Vec<_>>());
        }
        let expected: Vec<Vec<String>> =
            rows.iter().map(|row| row.iter().map(|field| field.trim().to_owned()).collect()).collect();
        prop_assert_eq!(found, expected, "{:?}\n{}", config, text);
    }
}
