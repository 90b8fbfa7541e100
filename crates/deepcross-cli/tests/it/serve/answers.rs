//! Good requests, and wrong requests of callers who mean well.

use super::{Answer, ROW, Service};
use crate::vectors::vector_rows;
use crate::{Folder, csv};
use std::collections::BTreeSet;
use std::io::Write;

const CSV: &str = "content-type: text/csv\r\n";

/// The predictions of the program for a file, exact to the bit.
fn predicted(folder: &Folder, file: &str) -> Vec<f32> {
    let text = folder.succeed(&format!("predict --model model.dcx --data {file}")).stdout;
    text.lines().skip(1).map(|line| line.parse().unwrap()).collect()
}

/// The rows of a CSV file as JSON objects: numbers as numbers, lists as arrays, empty cells as null.
fn json_rows(csv: &str) -> Vec<String> {
    let value = |text: &str| match text.is_empty() {
        true => "null".to_owned(),
        false => format!("\"{text}\""),
    };
    let row = |line: &str| {
        let cells: Vec<_> = line.split(',').collect();
        let tags: Vec<_> = cells[2].split('|').map(value).collect();
        let age = if cells[3].is_empty() { "null" } else { cells[3] };
        format!("{{\"age\":{age},\"ad\":{},\"tags\":[{}]}}", value(cells[1]), tags.join(","))
    };
    csv.lines().skip(1).map(row).collect()
}

#[test]
fn probabilities_are_those_of_predict_to_the_bit() {
    let folder = Folder::with_model();
    let text = format!("{}0,,t1,\n1,never seen,t9|t1,3.25\n0,ad1,t2,1e1\n", csv(500));
    folder.write("many.csv", &text);
    let expected = predicted(&folder, "many.csv");
    let rows = json_rows(&text);
    for flags in ["", "--threads 3 --batch-rows 7 --batch-delay 2ms"] {
        let service = Service::start(&folder, flags);
        let body = format!("{{\"rows\":[{}]}}", rows.join(","));
        assert_eq!(service.post("/v1/score", &body).probabilities(), expected);
        assert_eq!(service.ask("POST", "/v1/score", CSV, &text).probabilities(), expected);
        let one = format!("{{\"rows\":[{}]}}", rows[500]);
        assert_eq!(service.post("/v1/score", &one).probabilities(), expected[500..501]);
        let cells = |i: usize| {
            let cells = text.lines().skip(1).map(move |line| line.split(',').nth(i).unwrap());
            cells.map(|cell| format!("\"{cell}\"")).collect::<Vec<_>>().join(",")
        };
        let [ad, tags, age] = [1, 2, 3].map(cells);
        let body = format!("{{\"columns\":{{\"tags\":[{tags}],\"age\":[{age}],\"ad\":[{ad}]}}}}");
        assert_eq!(service.post("/v1/score", &body).probabilities(), expected);
    }
}

#[test]
fn a_vector_is_an_array_of_numbers_or_a_string() {
    let folder = Folder::new();
    let rows = vector_rows(400);
    folder.write("train.csv", &rows);
    folder.write(
        "run.toml",
        "[data]\nlabel = \"click\"\n[[field]]\nname = \"image\"\nkind = \"vector\"\n",
    );
    folder.succeed("train --config run.toml --data train.csv --out model.dcx --set train.epochs=1");
    let expected = predicted(&folder, "train.csv");
    let service = Service::start(&folder, "");
    let image = |line: &str| line.splitn(3, ',').nth(2).unwrap().to_owned();
    let images: Vec<_> = rows.lines().skip(1).map(image).collect();
    let arrays = images.iter().map(|image| match image.trim_matches('"') {
        "" => "{\"image\":null}".to_owned(),
        image => format!("{{\"image\":{image}}}"),
    });
    let strings = images.iter().map(|image| match &**image {
        "" => "{\"image\":\"\"}".to_owned(),
        image => format!("{{\"image\":{image}}}"),
    });
    for rows in [arrays.collect::<Vec<_>>(), strings.collect()] {
        let body = format!("{{\"rows\":[{}]}}", rows.join(","));
        assert_eq!(service.post("/v1/score", &body).probabilities(), expected);
    }
    let answer = service.post("/v1/score", "{\"rows\":[{\"image\":[0.5,\"x\",1]}]}");
    answer.is_problem(422, &["`image`", "a vector of finite numbers"]);
    let answer = service.post("/v1/score", "{\"rows\":[{\"image\":{\"a\":1}}]}");
    answer.is_problem(422, &["`image`", "an array of numbers, or a string that holds them"]);
}

#[test]
fn concurrent_requests_get_their_own_rows() {
    let folder = Folder::with_model();
    let text = csv(120);
    folder.write("many.csv", &text);
    let expected = predicted(&folder, "many.csv");
    let rows = json_rows(&text);
    let service = Service::start(&folder, "--batch-delay 1ms");
    std::thread::scope(|scope| {
        for (rows, expected) in rows.chunks(15).zip(expected.chunks(15)) {
            let service = &service;
            scope.spawn(move || {
                for n in [1, 4, 15, 2, 8] {
                    let body = format!("{{\"rows\":[{}]}}", rows[..n].join(","));
                    assert_eq!(service.post("/v1/score", &body).probabilities(), expected[..n]);
                }
            });
        }
    });
    let metrics = service.get("/metrics").body;
    let line = |name: &str| {
        let found = metrics.lines().find_map(|line| line.strip_prefix(name));
        found.unwrap_or_else(|| panic!("{name}\n{metrics}")).trim().to_owned()
    };
    assert_eq!(line("deepcross_score_count"), "240");
    let batches: u32 = line("deepcross_batch_rows_count").parse().unwrap();
    assert!(batches <= 40, "rows of several requests are scored together: {batches}");
    let route = "deepcross_request_duration_seconds_count{route=\"/v1/score\",status=\"200\"}";
    assert_eq!(line(route), "40");
    assert_eq!(line("deepcross_field_values_total{field=\"ad\"}"), "240");
    assert_eq!(line("deepcross_queue_rows"), "0");
}

/// The candidates of an answer, with their probabilities.
#[track_caller]
fn ranked(json: &serde_json::Value) -> Vec<(usize, f32)> {
    let ranking = json["ranking"].as_array().unwrap_or_else(|| panic!("{json}"));
    let ranked = ranking.iter().map(|one| {
        let probability: f32 = one["probability"].to_string().parse().unwrap();
        (one["index"].as_u64().unwrap() as usize, probability)
    });
    ranked.collect()
}

#[test]
fn candidates_are_ranked_by_their_scores() {
    let folder = Folder::with_model();
    let service = Service::start(&folder, "");
    let score = |ad: &str, age: u32| {
        let body = format!("{{\"rows\":[{{\"ad\":\"{ad}\",\"tags\":\"t1\",\"age\":{age}}}]}}");
        service.post("/v1/score", &body).probabilities()[0]
    };
    let ads = ["ad0", "ad1", "ad2", "ad3", "ad4"];
    let mut expected: Vec<_> = ads.iter().enumerate().map(|(i, ad)| (i, score(ad, 30))).collect();
    expected[3].1 = score("ad3", 60);
    let in_order = expected.clone();
    expected.sort_by(|a, b| b.1.total_cmp(&a.1));
    let candidates = ads.map(|ad| match ad {
        "ad3" => format!("{{\"ad\":\"{ad}\",\"age\":60}}"),
        _ => format!("{{\"ad\":\"{ad}\"}}"),
    });
    let rank = |more: &str| {
        let candidates = candidates.join(",");
        let shared = "\"shared\":{\"tags\":[\"t1\"],\"age\":30}";
        let body = format!("{{{shared},\"candidates\":[{candidates}]{more}}}");
        ranked(&service.post("/v1/rank", &body).json())
    };
    // With shared values apart, sums are taken in another order.
    let check = |found: Vec<(usize, f32)>, expected: &[(usize, f32)]| {
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(expected) {
            let near = (found.1 - expected.1).abs() < 1e-6;
            assert!(found.0 == expected.0 && near, "{found:?} {expected:?}");
        }
    };
    check(rank(""), &expected);
    check(rank(",\"order\":\"input\""), &in_order);
    check(rank(",\"top\":2"), &expected[..2]);
    let columns = "\"ad\":[\"ad0\",\"ad1\",\"ad2\",\"ad3\",\"ad4\"],\"age\":[30,30,30,60,30]";
    let body = format!("{{\"shared\":{{\"tags\":\"t1\"}},\"columns\":{{{columns}}}}}");
    check(ranked(&service.post("/v1/rank", &body).json()), &expected);
}

#[test]
fn shared_values_are_encoded_once_and_reported_once() {
    let folder = Folder::with_model();
    let service = Service::start(&folder, "--batch-rows 2");
    let rank = |age: &str| {
        let candidates = ["ad1", "ad2", "never seen", "ad4", "ad0"];
        let candidates = candidates.map(|ad| format!("{{\"ad\":\"{ad}\"}}")).join(",");
        let shared = format!("\"shared\":{{\"tags\":\"t1\",\"age\":{age}}}");
        service.post("/v1/rank", &format!("{{{shared},\"candidates\":[{candidates}]}}"))
    };
    assert_eq!(rank("30").json()["ranking"].as_array().map(Vec::len), Some(5));
    let metrics = service.ask("GET", "/metrics", "", "").body;
    // Five candidates make three batches.
    for (field, values) in [("ad", 5), ("age", 3)] {
        let line = format!("deepcross_field_values_total{{field=\"{field}\"}} {values}");
        assert!(metrics.lines().any(|other| other == line), "{line}\n{metrics}");
    }
    let answer = rank("\"thirty\"");
    answer.is_problem(422, &["field `age`", "a finite number", "kind string"]);
    let errors = answer.json()["errors"].clone();
    assert_eq!(errors.as_array().map(Vec::len), Some(1), "{errors}");
    assert!(errors[0]["row"].is_null(), "{errors}");
}

/// A cross of a shared column and one of the candidates, and crosses of either.
const CROSSES: &str = r#"
[[field]]
name = "ad_age"
kind = "cross"
columns = ["ad", "age"]
min_count = 2
counts = true
smoothing = [1, 20]

[[field]]
name = "age_tags"
kind = "cross"
columns = ["age", "tags"]
buckets = 30
counts = true
"#;

#[test]
fn crosses_and_their_counts_are_those_of_predict() {
    let folder = Folder::with_data();
    let config = folder.text("run.toml").replacen("\n[model]", &format!("{CROSSES}\n[model]"), 1);
    folder.write("run.toml", config);
    folder.succeed("train --config run.toml --data train.csv --out model.dcx");
    let inspected = folder.succeed("inspect --model model.dcx").stdout;
    assert!(inspected.contains("ad and age") && inspected.contains("ad_age_counts"), "{inspected}");
    let text = format!("{}0,,t1,\n1,never seen,t1,20\n0,ad1,,10.0\n", csv(40));
    folder.write("many.csv", &text);
    let expected = predicted(&folder, "many.csv");
    let service = Service::start(&folder, "");
    let body = format!("{{\"rows\":[{}]}}", json_rows(&text).join(","));
    assert_eq!(service.post("/v1/score", &body).probabilities(), expected);
    let rows: Vec<Vec<&str>> = text.lines().skip(1).map(|line| line.split(',').collect()).collect();
    for (row, expected) in rows.iter().zip(&expected).filter(|(row, _)| !row[3].is_empty()) {
        let (ad, tags, age) = (row[1], row[2], row[3]);
        let shared = format!("{{\"tags\":\"{tags}\",\"age\":{age}}}");
        let body = format!("{{\"shared\":{shared},\"candidates\":[{{\"ad\":\"{ad}\"}}]}}");
        let found = ranked(&service.post("/v1/rank", &body).json())[0].1;
        assert!((found - expected).abs() < 1e-6, "{row:?}: {found}, {expected}");
    }
    let mut inspect = folder.program();
    inspect.args(["inspect", "--model", "model.dcx", "--neighbours", "ad_age=ad0 × 18"]);
    let neighbours = String::from_utf8(inspect.output().unwrap().stdout).unwrap();
    assert!(neighbours.starts_with("ad_age = ad0 × 18, met in "), "{neighbours}");
    assert!(neighbours.matches(" × ").count() > 5, "{neighbours}");
}

#[test]
fn tables_that_stay_in_the_file_give_the_same_answers() {
    let folder = Folder::with_model();
    let body = super::rows(20);
    let own = Service::start(&folder, "").post("/v1/score", &body).probabilities();
    let mapped = Service::start(&folder, "--map-tables");
    assert_eq!(mapped.post("/v1/score", &body).probabilities(), own);
}

#[test]
fn one_large_request_is_shared_between_threads_that_wait() {
    let folder = Folder::with_model();
    let service = Service::start(&folder, "--threads 2");
    let n_batches = || {
        let metrics = service.ask("GET", "/metrics", "", "").body;
        let line =
            metrics.lines().find_map(|line| line.strip_prefix("deepcross_batch_rows_count "));
        line.and_then(|count| count.parse::<usize>().ok()).unwrap_or_else(|| panic!("{metrics}"))
    };
    let is_shared = |_| {
        let before = n_batches();
        assert_eq!(service.post("/v1/score", &super::rows(100)).probabilities().len(), 100);
        n_batches() == before + 2
    };
    // A thread that has just answered may not be waiting again yet.
    assert!((0..50).any(is_shared));
}

#[test]
fn wrong_requests_are_answered_with_what_was_expected() {
    let folder = Folder::with_model();
    let service = Service::start(&folder, "--max-rows 3 --max-body 4000 --max-value 50");
    let long = format!("{{\"rows\":[{}]}}", ROW.replace("ad1", &"x".repeat(51)));
    let row = |from: &str, to: &str| format!("{{\"rows\":[{}]}}", ROW.replace(from, to));
    let cases: [(&str, u16, &[&str]); 23] = [
        ("", 400, &["EOF"]),
        ("{\"rows\":[{\"ad\":\"ad1\",}]}", 400, &["line 1 column"]),
        ("{\"rows\":[]} x", 400, &["trailing"]),
        ("{}", 400, &["either `rows`", "`columns`"]),
        ("{\"row\":[]}", 400, &["unknown field `row`", "`rows`"]),
        ("{\"rows\":{}}", 400, &["`rows`, an array", "kind object"]),
        ("{\"rows\":[3]}", 400, &["`rows`[0]", "an object of fields"]),
        (&row("20", "NaN"), 400, &["expected value"]),
        (&row("20", "\"NaN\""), 422, &["row 0, field `age`", "a finite number", "kind string"]),
        (&row("20", "\"inf\""), 422, &["row 0, field `age`", "a finite number", "kind string"]),
        (&row("20", "1e999"), 422, &["row 0, field `age`", "number", "kind number"]),
        (&row("20", "[1]"), 422, &["field `age`", "a number, or a string", "kind array"]),
        (&row("\"ad1\"", "{}"), 422, &["field `ad`", "a string, number or boolean", "kind object"]),
        (&row("\"t1\"", "\"a|b\""), 422, &["field `tags`", "do not contain `|`", "kind array"]),
        (&row("\"age\"", "\"agee\""), 422, &["field `agee`", "the nearest known one is `age`"]),
        (&row("\"age\"", "\"zzqq\""), 422, &["field `zzqq`", "as `/v1/model` lists them"]),
        (&format!("[{ROW}]"), 400, &["an object with `rows`, an array of objects", "kind array"]),
        (&row(",\"age\":20", ""), 422, &["row 0, field `age`", "or null", "the field is absent"]),
        (&row("{", "{\"age\":1,"), 422, &["field `age`", "each field once"]),
        (&long, 422, &["field `ad`", "at most 50 bytes"]),
        (&super::rows(4), 413, &["3 rows or candidates"]),
        (&super::rows(100), 413, &["4000 bytes"]),
        ("{\"columns\":{\"ad\":[1],\"age\":[1,2]}}", 400, &["equally long", "`age`"]),
    ];
    for (body, status, parts) in cases {
        let answer = service.post("/v1/score", body);
        answer.is_problem(status, parts);
        assert!(!answer.body.contains("NaN") && !answer.body.contains("xxx"), "{}", answer.body);
    }
    let answer = service.ask("POST", "/v1/score", "content-type: text/plain\r\n", "x");
    answer.is_problem(415, &["application/json or text/csv"]);
    service
        .ask("POST", "/v1/score", CSV, "ad,tags\na,b\n")
        .is_problem(422, &["the header, field `age`", "the field is absent"]);
    service
        .ask("POST", "/v1/score", CSV, "ad,tags,age\na,b\n")
        .is_problem(400, &["line 2", "3 fields"]);
    service.get("/v1/none").is_problem(404, &["/openapi.json"]);
    service.get("/v1/score").is_problem(405, &["/openapi.json"]);
    assert_eq!(service.post("/v1/score", &super::rows(3)).probabilities().len(), 3);
}

#[test]
fn csv_without_a_header_of_all_fields_is_refused_even_without_rows() {
    let folder = Folder::with_model();
    for flags in ["", "--absent-as-missing"] {
        let service = Service::start(&folder, flags);
        let cases: [(&str, u16, &[&str]); 6] = [
            ("x,y\n", 422, &["the header, field `ad`", "the field is absent"]),
            ("ad1,t1|t2,20\nad2,t1,21\n", 422, &["the header, field `ad`"]),
            ("", 400, &["is empty", "CSV with a header"]),
            ("\n\n", 400, &["is empty", "CSV with a header"]),
            (ROW, 400, &["JSON", "application/json"]),
            ("[1]", 400, &["JSON", "application/json"]),
        ];
        for (body, status, parts) in cases {
            service.ask("POST", "/v1/score", CSV, body).is_problem(status, parts);
        }
        let answer = service.ask("POST", "/v1/score", CSV, "ad,tags\n");
        match flags {
            "" => answer.is_problem(422, &["the header, field `age`"]),
            _ => assert_eq!(answer.probabilities().len(), 0),
        }
    }
}

#[test]
fn a_compressed_body_is_refused_with_what_is_accepted() {
    let folder = Folder::with_model();
    let service = Service::start(&folder, "");
    let gzip = |headers: &str| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(super::rows(1).as_bytes()).unwrap();
        let body = encoder.finish().unwrap();
        let mut stream = service.connect();
        let length = body.len();
        write!(stream, "POST /v1/score HTTP/1.1\r\nhost: test\r\ncontent-length: {length}\r\n")
            .unwrap();
        write!(stream, "{headers}\r\n").unwrap();
        stream.write_all(&body).unwrap();
        Answer::read(&mut std::io::BufReader::new(stream))
    };
    for headers in ["content-encoding: gzip\r\n", "content-encoding: br\r\n", ""] {
        let answer = gzip(headers);
        answer.is_problem(415, &["compressed", "without a content encoding"]);
        assert!(answer.head.contains("accept-encoding: identity"), "{}", answer.head);
    }
    for headers in ["content-encoding: gzip\r\n", "content-encoding: identity, gzip\r\n"] {
        service.ask("POST", "/v1/rank", headers, "{}").is_problem(415, &["compressed"]);
    }
    let plain = service.ask("POST", "/v1/score", "content-encoding: identity\r\n", &super::rows(1));
    assert_eq!(plain.probabilities().len(), 1);
}

#[test]
fn candidates_are_ranked_by_the_logit_where_probabilities_are_rounded() {
    let folder = Folder::new();
    let rows = (0..200).map(|i| format!("{},{}\n", i % 2, (i % 2 * 2 - 1) * (1 + i % 7)));
    folder.write("train.csv", format!("click,x\n{}", rows.collect::<String>()));
    folder.write("run.toml", SEPARABLE);
    folder.succeed("train --config run.toml --data train.csv --out model.dcx");
    folder.write("x.csv", "x\n800\n900\n700\n-3\n800\n");
    let logits = "predict --model model.dcx --data x.csv --with-logit";
    let expected = "probability,logit\n1,";
    assert!(folder.succeed(logits).stdout.starts_with(expected), "the probabilities are rounded");
    let service = Service::start(&folder, "");
    let row = |x: &str| format!("{{\"x\":{x}}}");
    let candidates = ["800", "900", "700", "-3", "800"].map(row).join(",");
    for shared in ["", "\"shared\":{},"] {
        let body = format!("{{{shared}\"candidates\":[{candidates}]}}");
        let ranking = ranked(&service.post("/v1/rank", &body).json());
        let order: Vec<_> = ranking.iter().map(|(index, _)| *index).collect();
        assert_eq!(order, [1, 0, 4, 2, 3]);
        let body = body.replace("]}", "],\"top\":2}");
        let ranking = ranked(&service.post("/v1/rank", &body).json());
        assert_eq!(ranking.iter().map(|(index, _)| *index).collect::<Vec<_>>(), [1, 0]);
    }
}

/// A run whose model separates the rows perfectly.
const SEPARABLE: &str = r#"[data]
label = "click"

[[field]]
name = "x"
kind = "number"
transform = "raw"

[model]
kind = "lr"

[train]
epochs = 30
batch = 20
learning_rate = 1
optimizer = "adam"
valid_fraction = 0
"#;

#[test]
fn a_blank_line_of_one_column_is_a_row() {
    let folder = Folder::new();
    folder.write("train.csv", format!("click,ad\n{}", "1,a\n0,b\n0,\n".repeat(30)));
    folder.write("run.toml", "[data]\nlabel = \"click\"\n[[field]]\nname = \"ad\"\nkind = \"categorical\"\n[model]\nkind = \"lr\"\n[train]\nvalid_fraction = 0\n");
    folder.succeed("train --config run.toml --data train.csv --out model.dcx");
    let service = Service::start(&folder, "");
    for (name, text) in [
        ("a.csv", "ad\na\n\nb\n"),
        ("b.csv", "ad\r\na\r\n\r\nb\r\n"),
        ("c.csv", "ad\n\n\"x\n\ny\"\n\n"),
        ("d.csv", "ad\n\n"),
    ] {
        folder.write(name, text);
        let expected = predicted(&folder, name);
        let found = service.ask("POST", "/v1/score", CSV, text).probabilities();
        assert_eq!(found, expected, "{name}");
    }
    assert_eq!(predicted(&folder, "c.csv").len(), 3);
}

#[test]
fn absent_fields_are_missing_if_that_is_asked_for() {
    let folder = Folder::with_model();
    let service = Service::start(&folder, "--absent-as-missing");
    let both = "{\"rows\":[{\"tags\":\"t1\"},{\"ad\":null,\"tags\":\"t1\",\"age\":null}]}";
    let probabilities = service.post("/v1/score", both).probabilities();
    assert_eq!(probabilities[0], probabilities[1]);
}

#[test]
fn the_model_and_the_service_describe_themselves() {
    let folder = Folder::with_model();
    let service = Service::start(&folder, "");
    let model = service.get("/v1/model").json();
    let fields: Vec<_> = model["fields"].as_array().unwrap().iter().map(|f| &f["name"]).collect();
    assert_eq!(fields, ["ad", "tags", "age"]);
    assert_eq!(model["fields"][1]["array_separator"], "|");
    assert_eq!(model["fingerprint"].as_str().unwrap().len(), 16);
    assert!(model["training"]["rows"].as_u64().unwrap() > 100);
    let paths = service.get("/openapi.json").json()["paths"].as_object().unwrap().clone();
    for (path, methods) in paths {
        for method in methods.as_object().unwrap().keys() {
            let status = service.ask(&method.to_uppercase(), &path, "", "").status;
            assert!(![404, 405, 500].contains(&status), "{method} {path}: {status}");
        }
    }
}

#[test]
fn calibrated_models_are_served_with_calibrated_probabilities() {
    let folder = Folder::with_model();
    // A click if the model expects it to be likelier than not, except in every fifth row.
    folder.write("rows.csv", csv(300));
    let scores = predicted(&folder, "rows.csv");
    let mean = scores.iter().sum::<f32>() / 300.0;
    let mut valid = "click,ad,tags,age\n".to_owned();
    for (i, (line, &score)) in csv(300).lines().skip(1).zip(&scores).enumerate() {
        let (_, values) = line.split_once(',').unwrap();
        let click = u8::from((score > mean) != (i % 5 == 0));
        valid.push_str(&format!("{click},{values}\n"));
    }
    folder.write("valid.csv", valid);
    let calibrate = "calibrate --model model.dcx --data valid.csv --method platt --out c.dcx";
    folder.succeed(calibrate);
    let plain = predicted(&folder, "new.csv");
    std::fs::rename(folder.path("c.dcx"), folder.path("model.dcx")).unwrap();
    let calibrated = predicted(&folder, "new.csv");
    assert_ne!(plain, calibrated);
    let service = Service::start(&folder, "");
    let served = service.ask("POST", "/v1/score", CSV, &folder.text("new.csv")).probabilities();
    assert_eq!(served, calibrated);
    let calibrator = service.get("/v1/model").json()["calibrator"].clone();
    assert_eq!((&calibrator["method"], &calibrator["rows"]), (&"platt".into(), &300.into()));
    assert!(calibrator["parameters"]["slope"].is_number(), "{calibrator}");
}

#[test]
fn every_flag_and_metric_is_documented_and_no_other() {
    let folder = Folder::with_model();
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/serving.md");
    let page = std::fs::read_to_string(page).unwrap();
    let documented = |start: &str| {
        let rows = page.lines().filter_map(|line| line.strip_prefix("| `")).map(str::to_owned);
        let names = rows.filter_map(|row| row.split_once('`').map(|(name, _)| name.to_owned()));
        names.filter(|name| name.starts_with(start)).collect::<BTreeSet<_>>()
    };
    let help = folder.succeed("serve --help").stdout;
    let flags = help.lines().filter_map(|line| line.trim_start().strip_prefix("--"));
    let flags = flags.map(|flag| format!("--{}", flag.split(' ').next().unwrap()));
    let flags: BTreeSet<_> = flags.filter(|flag| flag != "--model").collect();
    assert!(flags.len() > 10, "{help}");
    assert_eq!(documented("--"), flags);

    let metrics = Service::start(&folder, "").get("/metrics").body;
    let names = metrics.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    let names: BTreeSet<_> = names.map(|line| line.split(' ').next().unwrap().to_owned()).collect();
    assert_eq!(documented("deepcross_"), names);
}

#[test]
fn values_unlike_those_of_training_are_reported_once_a_minute() {
    let folder = Folder::with_model();
    let mut service = Service::start(&folder, "");
    let row = |ad: &str| format!("{{\"ad\":\"{ad}\",\"tags\":\"t1\",\"age\":30}}");
    let body = |ad: &str, n| format!("{{\"rows\":[{}]}}", vec![row(ad); n].join(","));
    assert_eq!(service.post("/v1/score", &body("ad1", 20)).status, 200);
    let counter = "deepcross_value_warnings_total{field=\"ad\",kind=\"unseen\"}";
    let metrics = service.get("/metrics").body;
    assert!(!metrics.contains(counter), "{metrics}");
    for _ in 0..3 {
        assert_eq!(service.post("/v1/score", &body("spelled otherwise", 40)).status, 200);
        let metrics = service.get("/metrics").body;
        assert!(metrics.contains(&format!("{counter} 1\n")), "{metrics}");
    }
    let line = service.line();
    let expected = "warning: most values of `ad` are new to the model: ";
    assert!(line.starts_with(expected) && line.contains(" now, and 0.0 % in training"), "{line}");
    service.signal("-TERM");
    let (code, rest) = service.end();
    assert_eq!(code, Some(0));
    assert!(!rest.contains("warning"), "{rest}");
}
