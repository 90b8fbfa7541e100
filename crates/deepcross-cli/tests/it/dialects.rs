//! Files of delimited text as programs write them: `infer-config` finds their form, or says what to do.

use crate::{CONFIG, Folder, csv};

/// A file with this header and 120 rows, and lines that end with `end`.
fn file(header: &str, end: &str, row: impl Fn(usize) -> String) -> String {
    let rows = (0..120).map(|i| row(i) + end);
    format!("{header}{end}{}", rows.collect::<String>())
}

/// A click that no column tells.
fn click(i: usize) -> usize {
    usize::from(i * i % 7 % 3 == 1)
}

/// What `infer-config` writes into `[data]` for a file, besides the label, after checking that the configuration trains.
#[track_caller]
fn inferred(content: &str) -> String {
    let folder = Folder::new();
    folder.write("x.csv", content);
    folder.succeed("infer-config --data x.csv --label click --out run.toml");
    folder.succeed("train --config run.toml --data x.csv --out m.dcx --set train.epochs=1");
    let text = folder.text("run.toml");
    let data = text.lines().skip_while(|line| *line != "[data]").skip(1);
    let data = data.take_while(|line| !line.is_empty() && !line.starts_with("label"));
    data.collect::<Vec<_>>().join(", ")
}

#[test]
fn the_form_of_a_file_is_found() {
    let title = |i: usize| ["red, hat", "shoe", "coat, new, cheap"][i * 5 % 3];
    let comma = file("click,ad,title,tags", "\n", |i| {
        format!("{},ad{},\"{}\",{}", click(i), i % 5, title(i), ["a|b", "c|a"][i * 3 % 2])
    });
    assert_eq!(inferred(&comma), "");
    let texts = file("click,ad,when,price", "\n", |i| format!("{},ad{},x;y,3|4", click(i), i % 5));
    assert_eq!(inferred(&texts), "");
    let excel = file("sep=;\r\nclick;ad;price", "\r\n", |i| {
        format!("{};ad{};{}", click(i), i % 5, i * 7 % 90)
    });
    assert_eq!(inferred(&excel), "delimiter = \";\"");
    let lines = file("click,ad,text", "\r\n", |i| {
        format!("{},ad{},\"one\ntwo, \"\"{}\"\"\"", click(i), i % 5, i % 4)
    });
    assert_eq!(inferred(&lines), "");
    let trailing =
        file("click,ad,price,", "\n", |i| format!("{},ad{},{},", click(i), i % 5, i * 7 % 90));
    assert_eq!(inferred(&trailing), "");
    let short =
        file("click,ad,price", "\n", |i| format!("{},ad{},{},", click(i), i % 5, i * 7 % 90));
    assert_eq!(inferred(&short), "columns = [\"click\", \"ad\", \"price\", \"\"], header = true");
    let index = file(",click,ad", "\n", |i| format!("{i},{},ad{}", click(i), i % 5));
    assert_eq!(inferred(&index), "");
    let names =
        file("\"click\",\"ad\"", "\n", |i| format!("\"{}\",{},\"ad{}\"", i + 1, click(i), i % 5));
    assert_eq!(inferred(&names), "columns = [\"\", \"click\", \"ad\"], header = true");
    let blanks = file(" click , ad ", "\n", |i| format!("{} ,\u{a0}ad{}\u{2003}", click(i), i % 5));
    assert_eq!(inferred(&blanks), "");
    let escaped = file("click,ad,title", "\n", |i| {
        format!("{},ad{},{}", click(i), i % 5, ["\"a \\\"b\\\", c\"", "x"][i % 2])
    });
    assert_eq!(inferred(&escaped), "escape = '\\'");
    let colons = file("click::ad", "\n", |i| format!("{}::ad{}", click(i), i % 5));
    assert_eq!(inferred(&colons), "delimiter = \"::\"");
}

#[test]
fn messages_about_the_form_can_be_followed() {
    let folder = Folder::new();
    folder.write("mac.csv", file("click,ad", "\r", |i| format!("{},ad{}", click(i), i % 5)));
    folder.fail(
        "infer-config --data mac.csv --label click",
        1,
        "`mac.csv`: its lines end with carriage returns alone, expected line feeds, with or without a carriage \
         return before them; `tr '\\r' '\\n'` converts such a file",
    );
    let twice = file("click,ad,price,price", "\n", |i| {
        format!("{},ad{},{},{}", click(i), i % 5, i % 9, i * 7 % 90)
    });
    folder.write("twice.csv", twice);
    let said = folder.call("infer-config --data twice.csv --label click").stderr;
    assert!(said.contains("--columns, and add --header"), "{said}");
    let call = "infer-config --data twice.csv --label click --columns click,ad,price,price2";
    let said = folder.call(call).stderr;
    assert!(
        said.contains("the label `click` is `click` in 1 of the rows")
            && said.ends_with("with --header\n"),
        "{said}"
    );
    folder.succeed(&format!("{call} --header --out twice.toml"));
    folder.succeed("train --config twice.toml --data twice.csv --out m.dcx --set train.epochs=1");
    let predicted = folder.succeed("predict --model m.dcx --data twice.csv").stdout;
    assert_eq!(predicted.lines().count(), 121);

    let two = csv(100).repeat(2);
    folder.write("two.csv", &two);
    folder.write("run.toml", CONFIG);
    let said = folder.call("infer-config --data two.csv --label click").stderr;
    assert!(said.contains("headers stand among them"), "{said}");
    let said = folder.call("train --config run.toml --data two.csv --out m2.dcx").stderr;
    assert!(
        said.contains("`two.csv`, line 102") && said.contains("`data.bad_rows = \"skip\"`"),
        "{said}"
    );
    folder.succeed("train --config run.toml --data two.csv --out m2.dcx --set data.bad_rows=skip");
}

#[test]
fn flags_say_how_fields_are_split() {
    let folder = Folder::new();
    folder.write(
        "x.txt",
        file("click\u{1}ad", "\n", |i| format!("{}\u{1}'a\\\u{1}d{}'", click(i), i % 5)),
    );
    let call = "infer-config --data x.txt --label click --format csv --delimiter \\x01 --quote none --escape \\";
    let text = folder.succeed(call).stdout;
    assert!(text.contains("delimiter = \"\\u0001\"\nquote = false\nescape = '\\'\n"), "{text}");
    folder.write("data.toml", "[data]\nformat = 'csv'\ndelimiter = \"\\u0001\"\nescape = '\\'\n");
    for call in ["describe", "infer-config"] {
        let said =
            folder.succeed(&format!("{call} --data x.txt --label click --config data.toml")).stdout;
        assert!(said.contains("5 values") || said.contains("ad "), "{said}");
    }
    let said = folder.call("describe --data x.txt --comment ab");
    assert!(
        said.code == Some(2) && said.stderr.contains("expected one character"),
        "{}",
        said.stderr
    );

    let folder = Folder::with_model();
    folder.write("new.txt", csv(20).replace(',', "::"));
    let expected = folder.succeed("predict --model model.dcx --data new.csv").stdout;
    let found = folder
        .succeed("predict --model model.dcx --data new.txt --format csv --delimiter ::")
        .stdout;
    assert_eq!(found, expected);
}

#[test]
fn other_files_are_told_by_how_they_begin() {
    let folder = Folder::with_model();
    let cases: [(&str, &[u8], &str); 8] = [
        (
            "x.csv",
            b"PAR1\x15\x04\x15",
            "a Parquet file, but is read in another format: set `data.format`, or `--format`, to `parquet`",
        ),
        (
            "x.json",
            b"[{\"ad\": 1}]",
            "a JSON array, which is not read: write one object in each line, for instance with `jq -c '.[]'`",
        ),
        (
            "y.csv",
            b"{\"ad\": 1}\n",
            "JSON Lines, but is read in another format: set `data.format`, or `--format`, to `jsonl`",
        ),
        (
            "x.vw",
            b"1 |ad a1 |user u1\n",
            "a file of Vowpal Wabbit, which is not read: write its rows as CSV, as JSON Lines or as libsvm",
        ),
        (
            "x.pkl",
            b"\x80\x04\x95\0\0",
            "a pickle of Python, which is not read: write it as Parquet, for instance with `pandas.read_pickle(…).to_parquet(…)`",
        ),
        (
            "x.xlsx",
            b"PK\x03\x04\x14\0",
            "a zip archive, as .xlsx, .ods and .npz are, which is not read: take the files out of it with `unzip`, or save the sheet as CSV",
        ),
        (
            "x.csv.br",
            b"\x1b\x03\xf8",
            "compressed by brotli, as its name says, which is not read: decompress it, for instance with `brotli -d`",
        ),
        (
            "x.arff",
            b"@RELATION clicks\n@ATTRIBUTE a REAL\n",
            "an ARFF file of Weka, which is not read: remove the lines up to `@data`, and name the columns in `data.columns`, or by `--columns`",
        ),
    ];
    for (name, content, expected) in cases {
        folder.write(name, content);
        folder.fail(
            &format!("predict --model model.dcx --data {name}"),
            1,
            &format!("`{name}`: is {expected}"),
        );
    }
    let text = csv(20);
    let units = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    folder.write("wide.csv", units(&format!("\u{feff}{text}")));
    folder.write("bare.csv", units(&text));
    let expected = folder.succeed("predict --model model.dcx --data new.csv").stdout;
    assert_eq!(folder.succeed("predict --model model.dcx --data wide.csv").stdout, expected);
    let said = folder.call("predict --model model.dcx --data bare.csv").stderr;
    assert!(said.contains("`iconv -f UTF-16LE -t UTF-8`"), "{said}");
}

#[test]
fn a_file_without_its_header_is_noticed() {
    let folder = Folder::with_model();
    let text = csv(20);
    folder.write("rows.csv", text.split_once('\n').unwrap().1);
    folder.fail(
        "predict --model model.dcx --data rows.csv",
        1,
        "`rows.csv`: has no column `ad` for field `ad`; its first row looks like values and not like names: `1`, \
         `ad0`, `t0|t0`, `18`; if the file has no header, add one, or name the columns in `data.columns`, or by `--columns`",
    );
    folder.write("far.csv", text.replacen("ad,", "campaign,", 1));
    folder.fail(
        "predict --model model.dcx --data far.csv",
        1,
        "`far.csv`: has no column `ad` for field `ad`",
    );
}

#[test]
fn rows_that_begin_like_another_kind_of_file_are_read() {
    let folder = Folder::with_model();
    let expected = "describe --data x.csv --label click";
    for name in ["FEA1", "PAR1", "ORC1"] {
        let rows: String = (0..20).map(|i| format!("{i},{}\n", i % 2)).collect();
        folder.write("x.csv", format!("{name},click\n{rows}"));
        let described = folder.succeed(expected).stdout;
        assert!(described.starts_with("20 rows, 50.00 % positive"), "{name}: {described}");
    }
    let rows: String = (0..20).map(|i| format!("{} |ad{} |30\n", i % 2, i % 7)).collect();
    folder.write("bars.csv", rows);
    let columns = "--columns click,ad,age";
    for form in ["--delimiter |", ""] {
        let call = format!("describe --data bars.csv --label click {columns} {form}");
        let described = folder.succeed(call.trim_end()).stdout;
        assert!(described.starts_with("20 rows, 50.00 % positive"), "{form}: {described}");
    }
}
