//! Reads bodies in JSON: rows as objects, columns as arrays, and candidates with their shared values.
//!
//! A value keeps the caller's text until it is encoded, so that a number has the same digits as in a file.
//! Rejected: a tree of values, which would parse each number to a float, print it again, and allocate for each field of
//! each row.

use crate::problem::Problem;
use crate::request_rows::{Limits, RequestRows};
use crate::text_rows::{TextCell, TextRows};
use deepcross_features::json::{JsonValue, JsonWalk, kind_of};
use deepcross_model::scoring::InputColumns;
use serde::Deserialize;
use serde_json::value::RawValue;

/// The body of a request to score; the rows are still text.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ScoreBody<'a> {
    #[serde(borrow)]
    rows: Option<&'a RawValue>,
    #[serde(borrow)]
    columns: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RankBody<'a> {
    #[serde(borrow)]
    shared: Option<&'a RawValue>,
    #[serde(borrow)]
    candidates: Option<&'a RawValue>,
    #[serde(borrow)]
    columns: Option<&'a RawValue>,
    #[serde(default)]
    order: Order,
    #[serde(borrow)]
    top: Option<&'a RawValue>,
}

/// The order of the candidates in the answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Order {
    /// By probability, the greatest first; equal ones in the order of the request.
    #[default]
    Sorted,
    /// In the order of the request.
    Input,
}

/// Candidates to rank, together with their shared values.
#[derive(Debug)]
pub(crate) struct RankRequest {
    pub(crate) rows: TextRows,
    pub(crate) order: Order,
    /// The number of most probable candidates to return; all if it is absent.
    pub(crate) top: Option<usize>,
}

/// The rows of a request to score.
pub(crate) fn score_rows(
    body: &[u8],
    columns: &InputColumns,
    limits: Limits,
) -> Result<TextRows, Problem> {
    let body: ScoreBody<'_> = parse(body, "rows")?;
    let mut rows = RequestRows::new(columns, limits, true);
    read_either(&mut rows, ("rows", body.rows), body.columns)?;
    rows.finish()
}

/// The candidates of a request to rank.
///
/// Each candidate has cells for the fields that it names; a shared value is stored once for all rows.
pub(crate) fn rank_rows(
    body: &[u8],
    columns: &InputColumns,
    limits: Limits,
) -> Result<RankRequest, Problem> {
    let body: RankBody<'_> = parse(body, "candidates")?;
    let mut rows = RequestRows::new(columns, limits, true);
    if let Some(shared) = body.shared {
        read_shared(&mut rows, shared)?;
    }
    read_either(&mut rows, ("candidates", body.candidates), body.columns)?;
    let top = body.top.map(number_of_candidates).transpose()?;
    Ok(RankRequest { rows: rows.finish()?, order: body.order, top })
}

fn number_of_candidates(raw: &RawValue) -> Result<usize, Problem> {
    raw.get().parse().map_err(|_| unexpected("`top`, a whole number of candidates", raw))
}

/// The members of the body, an object that has its rows under `name`.
fn parse<'a, T: Deserialize<'a>>(body: &'a [u8], name: &str) -> Result<T, Problem> {
    // Some programs put a byte order mark before a text.
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let text = std::str::from_utf8(body).map_err(|error| {
        Problem::malformed(format!("byte {} of the body is not valid UTF-8", error.valid_up_to()))
    })?;
    // An array would be taken for the members in their order.
    if !text.trim_ascii_start().starts_with('{') {
        let raw = serde_json::from_str(text).map_err(|error| malformed(&error))?;
        let expected = format!(
            "an object with `{name}`, an array of objects, or `columns`, an object of arrays"
        );
        return Err(unexpected(&expected, raw));
    }
    serde_json::from_str(text).map_err(|error| malformed(&error))
}

fn malformed(error: &serde_json::Error) -> Problem {
    // An error of the data repeats only names and values outside of the rows.
    Problem::malformed(error.to_string().chars().take(200).collect::<String>())
}

/// Reads rows as objects under a name, or as columns.
fn read_either(
    rows: &mut RequestRows<'_>,
    (name, objects): (&str, Option<&RawValue>),
    columns: Option<&RawValue>,
) -> Result<(), Problem> {
    match (objects, columns) {
        (Some(objects), None) => read_rows(rows, objects, name),
        (None, Some(columns)) => read_columns(rows, columns),
        _ => Err(Problem::malformed(format!(
            "expected either `{name}`, an array of objects, or `columns`, an object of arrays"
        ))),
    }
}

fn read_shared(rows: &mut RequestRows<'_>, raw: &RawValue) -> Result<(), Problem> {
    let mut walk = JsonWalk::new(raw.get());
    if !walk.enter(b'{') {
        return Err(unexpected("`shared`", raw));
    }
    while let Some((column, value)) = next_field(&mut walk, rows, None)? {
        let cell = rows.json(None, column, value);
        rows.put_shared(column, cell);
    }
    rows.end_shared();
    Ok(())
}

fn read_rows(rows: &mut RequestRows<'_>, raw: &RawValue, name: &str) -> Result<(), Problem> {
    let mut walk = JsonWalk::new(raw.get());
    if !walk.enter(b'[') {
        return Err(unexpected(&format!("`{name}`, an array"), raw));
    }
    while walk.has_next() {
        let row = rows.n_rows();
        rows.check_room(row)?;
        if !walk.enter(b'{') {
            return Err(Problem::malformed(format!(
                "`{name}`[{row}]: expected an object of fields"
            )));
        }
        while let Some((column, value)) = next_field(&mut walk, rows, Some(row))? {
            let cell = rows.json(Some(row), column, value);
            rows.put(column, cell);
        }
        rows.end_row();
    }
    Ok(())
}

fn read_columns(rows: &mut RequestRows<'_>, raw: &RawValue) -> Result<(), Problem> {
    let mut walk = JsonWalk::new(raw.get());
    rows.place = "columns";
    let mut cells = vec![None; rows.columns.len()];
    if !walk.enter(b'{') {
        return Err(unexpected("`columns`, an object of arrays", raw));
    }
    while let Some(name) = walk.next() {
        let name = name.string().ok_or_else(bad_escapes)?;
        let column = rows.columns.position(&name);
        if !walk.enter(b'[') {
            return Err(unexpected("`columns`, an object of arrays", raw));
        }
        let values = read_values(&mut walk, rows, column)?;
        match column {
            Some(column) if cells[column].replace(values).is_some() => {
                rows.refuse(None, Some(&name), None, || "each column once".to_owned());
            }
            Some(_) => {}
            None => rows.refuse_unknown(None, &name),
        }
    }
    let n_rows = check_lengths(rows.columns, &cells)?;
    for (column, cells) in cells.into_iter().enumerate() {
        if let Some(cells) = cells {
            rows.put_column(column, cells);
        }
    }
    (0..n_rows).for_each(|_| rows.end_row());
    Ok(())
}

/// The values of one column; none are stored if the column is unknown.
fn read_values(
    walk: &mut JsonWalk<'_>,
    rows: &mut RequestRows<'_>,
    column: Option<usize>,
) -> Result<Vec<TextCell>, Problem> {
    let (mut cells, mut row) = (Vec::new(), 0);
    while let Some(value) = walk.next() {
        rows.check_room(row)?;
        if let Some(column) = column {
            cells.push(rows.json(Some(row), column, value));
        }
        row += 1;
    }
    Ok(cells)
}

/// The column and the value of the next field that the model reads, in an object.
#[inline]
fn next_field<'a>(
    walk: &mut JsonWalk<'a>,
    rows: &mut RequestRows<'_>,
    row: Option<usize>,
) -> Result<Option<(usize, JsonValue<'a>)>, Problem> {
    if let Some(column) = rows.take_expected(walk) {
        return Ok(walk.next().map(|value| (column, value)));
    }
    while let Some(name) = walk.next() {
        let name = name.string().ok_or_else(bad_escapes)?;
        let Some(value) = walk.next() else { break };
        match rows.position(&name) {
            Some(column) => return Ok(Some((column, value))),
            None => rows.refuse_unknown(row, &name),
        }
    }
    Ok(None)
}

/// The number of rows; an error if the columns differ in it.
fn check_lengths(
    columns: &InputColumns,
    cells: &[Option<Vec<TextCell>>],
) -> Result<usize, Problem> {
    let named = columns.list.iter().zip(cells);
    let mut lengths =
        named.filter_map(|(column, cells)| Some((&column.name, cells.as_ref()?.len())));
    let Some((first, n_rows)) = lengths.next() else { return Ok(0) };
    match lengths.find(|(_, length)| *length != n_rows) {
        None => Ok(n_rows),
        Some((name, length)) => Err(Problem::malformed(format!(
            "`columns`: all arrays must be equally long, but `{first}` has {n_rows} values and `{name}` has {length}"
        ))),
    }
}

/// The problem of a value that is well-formed JSON but of another kind than expected.
fn unexpected(expected: &str, raw: &RawValue) -> Problem {
    let found = kind_of(raw.get().bytes().next()).name();
    Problem::malformed(format!("expected {expected}, but found a value of kind {found}"))
}

fn bad_escapes() -> Problem {
    Problem::malformed("a string has an escape that is not valid Unicode")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::csv_body;
    use deepcross_features::{FieldConfig, Fitter, RowFields, Schema};

    const LIMITS: Limits = Limits { max_rows: 3, max_value: 8, absent_as_missing: false };

    /// A number `n`, a list `l` and a category `é`; `-` means "missing".
    fn columns() -> InputColumns {
        let fields = vec![
            FieldConfig::number("n"),
            FieldConfig::multi_hot("l"),
            FieldConfig::categorical("é"),
        ];
        let schema = Schema::new(fields, vec!["-".to_owned()]).expect("a schema");
        let mut fitter = Fitter::new(&schema);
        let names = ["n", "l", "é"].map(str::to_owned);
        let binding = fitter.bind(&names).expect("all columns");
        fitter.observe(&binding, &["1", "a|b", "x"]).expect("a row");
        InputColumns::new(&fitter.finish(), true).expect("columns")
    }

    #[test]
    fn a_column_that_only_training_reads_has_no_effect() {
        let fields = vec![
            FieldConfig::number("n"),
            FieldConfig::categorical("shown").column("position").at_prediction("1"),
        ];
        let schema = Schema::new(fields, Vec::new()).expect("a schema");
        let mut fitter = Fitter::new(&schema);
        let binding = fitter.bind(&["n", "position"].map(str::to_owned)).expect("all columns");
        fitter.observe(&binding, &["1", "1"]).expect("a row");
        let columns = InputColumns::new(&fitter.finish().for_prediction(), true).expect("columns");
        for body in [
            r#"{"rows":[{"n":7}]}"#,
            r#"{"rows":[{"position":3,"n":7}]}"#,
            r#"{"columns":{"n":[7],"position":["3"]}}"#,
        ] {
            let rows = score_rows(body.as_bytes(), &columns, LIMITS).expect(body);
            assert_eq!((rows.len(), columns.len()), (1, 1), "{body}");
            let mut scratch = Vec::new();
            assert_eq!(rows.row(0).cell(0).text(&mut scratch), b"7", "{body}");
        }
        let unknown = score_rows(br#"{"rows":[{"positio":3,"n":7}]}"#, &columns, LIMITS);
        assert!(unknown.is_err(), "another name is refused");
    }

    fn cells(rows: &TextRows) -> Vec<String> {
        let cell = |row, column| {
            let mut scratch = Vec::new();
            String::from_utf8_lossy(rows.row(row).cell(column).text(&mut scratch)).into_owned()
        };
        (0..rows.len()).map(|row| [0, 1, 2].map(|column| cell(row, column)).join(";")).collect()
    }

    #[track_caller]
    fn check(body: &str, expected: &[&str]) {
        let rows = score_rows(body.as_bytes(), &columns(), LIMITS).expect(body);
        assert_eq!(cells(&rows), expected, "{body}");
    }

    #[test]
    fn values_keep_their_text() {
        check(r#"{"rows":[{"n":1.50,"l":["a", 2],"é":"x"}]}"#, &["1.50;a|2;x"]);
        check(r#"{"rows":[{"\u00e9":" \t\u0078 ","l":[],"n":-0e1}]}"#, &["0.0;;x"]);
        check(r#"{"rows":[{"n":null,"l":null,"é":true}]}"#, &[";;true"]);
        check(r#"{"columns":{"é":[1,2],"n":["3",4],"l":["a|b",["c"]]}}"#, &["3;a|b;1", "4;c;2"]);
        check(r#"{"rows":[{" n":1,"l\u00a0":"a","é":"x"}]}"#, &["1;a;x"]);
        check(r#"{"rows":[]}"#, &[]);
        check("\u{feff}{\"rows\":[]}", &[]);
        check(r#"{"columns":{}}"#, &[]);
    }

    #[test]
    fn rows_may_name_fields_in_any_order() {
        check(
            r#"{"rows":[{"n":1,"l":"a","é":"x"},{"é":"y","n":2,"l":"b"},{"l":"c","\u00e9":"z","n":3}]}"#,
            &["1;a;x", "2;b;y", "3;c;z"],
        );
    }

    #[test]
    fn a_candidate_has_its_own_values_and_else_the_shared_ones() {
        let check = |candidates: &str, expected: &[&str], shared: &[usize]| {
            let body = format!(r#"{{{candidates},"shared":{{"n":1,"é":"s"}},"top":1}}"#);
            let request = rank_rows(body.as_bytes(), &columns(), LIMITS).expect(candidates);
            assert_eq!(cells(&request.rows), expected);
            assert_eq!(request.rows.shared(), shared);
            assert_eq!((request.order, request.top), (Order::Sorted, Some(1)));
        };
        let two = ["1;a;s", "1;b;own"];
        check(r#""candidates":[{"l":"a"},{"l":"b","é":"own"}]"#, &two, &[0]);
        check(r#""candidates":[{"é":"own","l":"b"},{"l":"a"}]"#, &["1;b;own", "1;a;s"], &[0]);
        check(r#""columns":{"é":["s","own"],"l":["a","b"]}"#, &two, &[0]);
        check(r#""columns":{"l":["a"]}"#, &["1;a;s"], &[0, 2]);
        check(r#""candidates":[]"#, &[], &[0, 2]);
    }

    /// Each wrong body gives this status and a document with this text.
    #[test]
    fn bad_candidates_are_reported_in_either_form() {
        let check = |body: &str, status: u16, detail: &str| {
            let problem = rank_rows(body.as_bytes(), &columns(), LIMITS).expect_err(body);
            let document = serde_json::to_string(&problem).expect("a document");
            assert!(
                problem.status().as_u16() == status && document.contains(detail),
                "{body} {document}"
            );
        };
        check("{}", 400, "either `candidates`, an array of objects, or `columns`");
        let object = "expected an object with `candidates`, an array of objects, or `columns`, an object of \
                      arrays, but found a value of kind";
        check("[{\"n\":1}]", 400, &format!("{object} array"));
        check(" [null, [], null]", 400, &format!("{object} array"));
        check("\"rows\"", 400, &format!("{object} string"));
        for top in ["-1", "1.0", "\"3\"", "{}"] {
            let expected =
                "expected `top`, a whole number of candidates, but found a value of kind";
            check(&format!(r#"{{"candidates":[],"top":{top}}}"#), 400, expected);
        }
        check(r#"{"candidates":[],"columns":{}}"#, 400, "either `candidates`");
        check(r#"{"candidates":{}}"#, 400, "`candidates`, an array, but");
        check(r#"{"candidates":[{},1]}"#, 400, "`candidates`[1]: expected an object");
        check(r#"{"shared":[],"candidates":[]}"#, 400, "kind array");
        check(r#"{"columns":[]}"#, 400, "`columns`, an object of arrays");
        check(r#"{"columns":{"n":1}}"#, 400, "`columns`, an object of arrays");
        check(r#"{"columns":{"n":[1],"l":[1,2]}}"#, 400, "equally long");
        check(r#"{"columns":{"n":[1,2,3,4]}}"#, 413, "3 rows or candidates");
        check(r#"{"columns":{"\ud800":[1]}}"#, 400, "not valid Unicode");
        check(r#"{"shared":{"n":1,"n":2},"candidates":[]}"#, 422, "shared, field `n`");
        check(r#"{"shared":{"n":1,"é":1},"candidates":[{"l":"a"},{}]}"#, 422, "row 1, field `l`");
        check(r#"{"shared":{"n":1},"columns":{"l":["a",{}]}}"#, 422, "row 1, field `l`");
        check(r#"{"shared":{"n":1},"columns":{"l":["a"]}}"#, 422, "row 0, field `é`");
        check(
            r#"{"columns":{"n":[1],"n":[1]}}"#,
            422,
            "columns, field `n`: expected each column once",
        );
        let unknown =
            "columns, field `nn`: expected a field of the model; the nearest known one is `n`";
        check(r#"{"shared":{"n":1},"columns":{"nn":[1]}}"#, 422, unknown);
        let far =
            "columns, field `click`: expected a field of the model, as `/v1/model` lists them\"";
        check(r#"{"shared":{"n":1},"columns":{"click":[1]}}"#, 422, far);
        check(r#"{"candidates":[{"é":1,"n":1,"l":"a","é":1}]}"#, 422, "each field once");
    }

    /// Bodies that are cut, or have bytes changed or inserted, give rows or a problem, and end soon.
    #[test]
    fn no_body_makes_a_reader_panic() {
        let columns = columns();
        let bodies = [
            r#"{"rows":[{"n":1.5,"l":["a","b"],"é":"x\u00e9"},{"n":null,"l":"","é":true}]}"#,
            r#"{"columns":{"n":[1,2],"l":[["a"],null],"é":["\ud83d\ude00","y"]}}"#,
            r#"{"shared":{"n":1,"é":"s"},"candidates":[{"l":["a"]}],"order":"input","top":2}"#,
            r#"{"shared":{"n":1,"é":"s"},"columns":{"l":[["a"],"b"],"é":["x","\u00e9"]}}"#,
            "n,l,é\n1,a|b,x\n\"2\",\"\"\"\",y\n",
        ];
        let parts =
            [&b"{"[..], b"[", b"\"", b"\\u", b"\\ud800", b",", b"\xff", b"null", b"1e9", b"]}"];
        let mut state = 1_u64;
        let mut draw = |n: usize| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as usize % n
        };
        for round in 0..20_000 {
            let mut body = bodies[round % bodies.len()].as_bytes().to_vec();
            for _ in 0..=draw(3) {
                let (at, part) = (draw(body.len()), parts[draw(parts.len())]);
                let end = body.len().min(at + draw(4));
                body.splice(at..end, part.iter().copied());
            }
            body.truncate(1 + draw(2 * body.len()));
            let rows = [
                score_rows(&body, &columns, LIMITS),
                rank_rows(&body, &columns, LIMITS).map(|request| request.rows),
                csv_body::rows(&body, &columns, LIMITS),
            ];
            // Accepted rows can be read as well.
            assert!(rows.iter().flatten().all(|rows| cells(rows).len() <= LIMITS.max_rows));
        }
    }

    #[test]
    fn deep_nesting_is_refused_without_an_overflow() {
        let deep = |open: &str| format!(r#"{{"rows":[{{"n":{}"#, open.repeat(1_000_000));
        for open in ["[", "{\"a\":"] {
            assert!(score_rows(deep(open).as_bytes(), &columns(), LIMITS).is_err());
        }
        let closed =
            format!(r#"{{"rows":[{{"l":{}{}}}]}}"#, "[".repeat(100_000), "]".repeat(100_000));
        assert!(score_rows(closed.as_bytes(), &columns(), LIMITS).is_err());
    }
}
