//! The format of files that neither their names nor any settings show.

use deepcross_data::{DataConfig, Format};
use deepcross_profile::{guess_format, header_looks_like_values};

/// The keys that are guessed for a file with this name and content, as TOML in one line.
fn guessed(name: &str, content: &str, set: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(name);
    std::fs::write(&file, content).unwrap();
    let config: DataConfig = toml::from_str(set).unwrap();
    let guessed = guess_format(&vec![file].into(), &config).unwrap();
    let text = toml::to_string(&guessed).unwrap();
    let is_guessed =
        |line: &&str| ["format", "delimiter", "comment"].iter().any(|key| line.starts_with(key));
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
        ("a.svm", ffm, Some(Format::LIBSVM)),
        ("a.csv", "1 2:1\n0 3:1\n", None),
        ("log", "\u{feff}{\"a\":1,\"b\":2}\n\n {\"a\":2}\n", Some(Format::JSONL)),
        ("a.ndjson", "{\"a\":1}\n", Some(Format::JSONL)),
        ("log", "{\"a\":1}\n1\n", Some(Format::CSV)),
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
