//! Bodies in JSON: rows as objects, columns as arrays, and candidates with what they share.
//!
//! Values stay the text that the caller sent until they are encoded, so that a number has the digits that a file would have.
//! A tree of values would parse each number to a float, print it again, and allocate for every field of every row.

use crate::columns::Columns;
use crate::problem::Problem;
use crate::reader::{Limits, RowReader, kind_of};
use crate::rows::{Cell, Rows};
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::error::Category;
use serde_json::value::RawValue;
use std::fmt;

/// What stands around the rows of a request to score.
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
    candidates: &'a RawValue,
    #[serde(default)]
    order: Order,
    top: Option<usize>,
}

/// The order of ranked candidates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Order {
    /// By probability, the greatest first; equal ones as they came.
    #[default]
    Sorted,
    /// As they came.
    Input,
}

/// Candidates to rank, each with what all share.
#[derive(Debug)]
pub(crate) struct RankRequest {
    pub(crate) rows: Rows,
    pub(crate) order: Order,
    /// Only so many of the most probable.
    pub(crate) top: Option<usize>,
}

/// The rows of a request to score.
pub(crate) fn score_rows(body: &[u8], columns: &Columns, limits: Limits) -> Result<Rows, Problem> {
    let body: ScoreBody<'_> = parse(body)?;
    let mut reader = RowReader::new(columns, limits);
    match (body.rows, body.columns) {
        (Some(rows), None) => read_rows(&mut reader, rows, "rows")?,
        (None, Some(columns)) => read_columns(&mut reader, columns)?,
        _ => {
            let detail =
                "expected one of `rows`, an array of objects, and `columns`, an object of arrays";
            return Err(Problem::malformed(detail));
        }
    }
    reader.finish()
}

/// The candidates of a request to rank.
///
/// What is shared is merged into each candidate by where its text lies, and the rows know which columns it fills.
pub(crate) fn rank_rows(
    body: &[u8],
    columns: &Columns,
    limits: Limits,
) -> Result<RankRequest, Problem> {
    let RankBody { shared, candidates, order, top } = parse(body)?;
    let mut reader = RowReader::new(columns, limits);
    if let Some(shared) = shared {
        let row = RowSeed { reader: &mut reader, row: None };
        let mut json = serde_json::Deserializer::from_str(shared.get());
        row.deserialize(&mut json).map_err(|error| unexpected(&error, "`shared`", shared))?;
        reader.end_shared();
    }
    read_rows(&mut reader, candidates, "candidates")?;
    Ok(RankRequest { rows: reader.finish()?, order, top })
}

fn parse<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, Problem> {
    let text = std::str::from_utf8(body).map_err(|error| {
        Problem::malformed(format!("byte {} is not UTF-8", error.valid_up_to()))
    })?;
    serde_json::from_str(text).map_err(|error| {
        // Of what the body holds, an error of data repeats only names and values beside the rows.
        Problem::malformed(error.to_string().chars().take(200).collect::<String>())
    })
}

fn read_rows(reader: &mut RowReader<'_>, raw: &RawValue, name: &str) -> Result<(), Problem> {
    let mut trouble = None;
    let seed = RowsSeed { reader, trouble: &mut trouble };
    let mut json = serde_json::Deserializer::from_str(raw.get());
    let done = seed.deserialize(&mut json);
    match (trouble, done) {
        (Some(problem), _) => Err(problem),
        (None, Err(error)) if error.is_data() && raw.get().starts_with('[') => {
            let row = reader.n_rows();
            Err(Problem::malformed(format!("`{name}`[{row}]: expected an object of fields")))
        }
        (None, Err(error)) => Err(unexpected(&error, &format!("`{name}`, an array"), raw)),
        (None, Ok(())) => Ok(()),
    }
}

fn read_columns(reader: &mut RowReader<'_>, raw: &RawValue) -> Result<(), Problem> {
    let mut trouble = None;
    let mut cells = vec![None; reader.columns.len()];
    let seed = ColumnsSeed { reader, cells: &mut cells, trouble: &mut trouble };
    let mut json = serde_json::Deserializer::from_str(raw.get());
    let done = seed.deserialize(&mut json);
    if let Some(problem) = trouble {
        return Err(problem);
    }
    done.map_err(|error| unexpected(&error, "`columns`, an object of arrays", raw))?;
    let n_rows = check_lengths(reader.columns, &cells)?;
    for row in 0..n_rows {
        for (column, cells) in cells.iter().enumerate() {
            if let Some(cell) = cells.as_ref().map(|cells: &Vec<Cell>| cells[row]) {
                reader.put(Some(row), column, cell);
            }
        }
        reader.end_row();
    }
    Ok(())
}

/// The number of rows, where all columns agree on it.
fn check_lengths(columns: &Columns, cells: &[Option<Vec<Cell>>]) -> Result<usize, Problem> {
    let named = columns.list.iter().zip(cells);
    let mut lengths =
        named.filter_map(|(column, cells)| Some((&column.name, cells.as_ref()?.len())));
    let Some((first, n_rows)) = lengths.next() else { return Ok(0) };
    match lengths.find(|(_, length)| *length != n_rows) {
        None => Ok(n_rows),
        Some((name, length)) => Err(Problem::malformed(format!(
            "`columns`: all must be equally long, but `{first}` has {n_rows} values and `{name}` has {length}"
        ))),
    }
}

/// A value that is well-formed but not what is expected, or whose escapes are no Unicode.
fn unexpected(error: &serde_json::Error, expected: &str, raw: &RawValue) -> Problem {
    match error.classify() {
        Category::Data => {
            let found = kind_of(raw.get()).name();
            Problem::malformed(format!("expected {expected}, but found a value of kind {found}"))
        }
        _ => Problem::malformed("a string holds escapes that are no Unicode"),
    }
}

/// An array of rows.
struct RowsSeed<'r, 'c> {
    reader: &'r mut RowReader<'c>,
    trouble: &'r mut Option<Problem>,
}

/// An object of fields: a row, or with `row: None` what rows share.
struct RowSeed<'r, 'c> {
    reader: &'r mut RowReader<'c>,
    row: Option<usize>,
}

/// An object of arrays.
struct ColumnsSeed<'r, 'c> {
    reader: &'r mut RowReader<'c>,
    cells: &'r mut [Option<Vec<Cell>>],
    trouble: &'r mut Option<Problem>,
}

/// The name of a field as the position of its column, or as it is where there is none.
struct NameSeed<'c>(&'c Columns);

/// The values of one column; of one that is unknown, none is kept.
struct ValuesSeed<'r, 'c> {
    reader: &'r mut RowReader<'c>,
    column: Option<usize>,
    trouble: &'r mut Option<Problem>,
}

impl<'de> DeserializeSeed<'de> for RowsSeed<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for RowsSeed<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of objects")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut rows: A) -> Result<(), A::Error> {
        let Self { reader, trouble } = self;
        loop {
            let row = reader.n_rows();
            let full = reader.check_room(row).err();
            let Some(()) = rows.next_element_seed(RowSeed { reader, row: Some(row) })? else {
                return Ok(());
            };
            if full.is_some() {
                *trouble = full;
                return Err(Error::custom("too many rows"));
            }
            reader.end_row();
        }
    }
}

impl<'de> DeserializeSeed<'de> for RowSeed<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for RowSeed<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of fields")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<(), A::Error> {
        let Self { reader, row } = self;
        while let Some(column) = fields.next_key_seed(NameSeed(reader.columns))? {
            let value: &RawValue = fields.next_value()?;
            match column {
                Ok(column) => {
                    let cell = reader.json(row, column, value);
                    reader.put(row, column, cell);
                }
                Err(name) => reader.refuse_unknown(row, &name),
            }
        }
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for ColumnsSeed<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for ColumnsSeed<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of arrays")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut columns: A) -> Result<(), A::Error> {
        let Self { reader, cells, trouble } = self;
        while let Some(name) = columns.next_key_seed(NameSeed(reader.columns))? {
            let column = name.as_ref().ok().copied();
            let values = columns.next_value_seed(ValuesSeed { reader, column, trouble })?;
            match name {
                Ok(column) if cells[column].is_some() => {
                    let name = &reader.columns.list[column].name;
                    reader.refuse(None, Some(name), None, || "each column once".to_owned());
                }
                Ok(column) => cells[column] = Some(values),
                Err(name) => reader.refuse_unknown(None, &name),
            }
        }
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for ValuesSeed<'_, '_> {
    type Value = Vec<Cell>;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Vec<Cell>, D::Error> {
        json.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for ValuesSeed<'_, '_> {
    type Value = Vec<Cell>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of values")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<Vec<Cell>, A::Error> {
        let (mut cells, mut row) = (Vec::new(), 0);
        while let Some(value) = values.next_element::<&RawValue>()? {
            if let Err(problem) = self.reader.check_room(row) {
                *self.trouble = Some(problem);
                return Err(Error::custom("too many rows"));
            }
            cells.extend(self.column.map(|column| self.reader.json(Some(row), column, value)));
            row += 1;
        }
        Ok(cells)
    }
}

impl<'de> DeserializeSeed<'de> for NameSeed<'_> {
    type Value = Result<usize, String>;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Self::Value, D::Error> {
        json.deserialize_str(self)
    }
}

impl Visitor<'_> for NameSeed<'_> {
    type Value = Result<usize, String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a field")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Self::Value, E> {
        Ok(self.0.position(name).ok_or_else(|| name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::csv_body;
    use deepcross_features::{FieldConfig, Fitter, Record, Schema};

    const LIMITS: Limits = Limits { max_rows: 3, max_value: 8, absent_as_missing: false };

    /// A number `n`, a list `l` and a category `é`, with `-` for what is missing.
    fn columns() -> Columns {
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
        Columns::new(&fitter.finish(), true).expect("columns")
    }

    fn cells(rows: &Rows) -> Vec<String> {
        let cell = |row, column| String::from_utf8_lossy(rows.row(row).field(column)).into_owned();
        (0..rows.len()).map(|row| [0, 1, 2].map(|column| cell(row, column)).join(";")).collect()
    }

    #[track_caller]
    fn check(body: &str, expected: &[&str]) {
        let rows = score_rows(body.as_bytes(), &columns(), LIMITS).expect(body);
        assert_eq!(cells(&rows), expected, "{body}");
    }

    #[test]
    fn values_stay_the_text_that_they_were() {
        check(r#"{"rows":[{"n":1.50,"l":["a", 2],"é":"x"}]}"#, &["1.50;a|2;x"]);
        check(r#"{"rows":[{"\u00e9":" \t\u0078 ","l":[],"n":-0e1}]}"#, &["-0e1;;x"]);
        check(r#"{"rows":[{"n":null,"l":null,"é":true}]}"#, &["-;-;true"]);
        check(r#"{"columns":{"é":[1,2],"n":["3",4],"l":["a|b",["c"]]}}"#, &["3;a|b;1", "4;c;2"]);
        check(r#"{"rows":[]}"#, &[]);
        check(r#"{"columns":{}}"#, &[]);
    }

    #[test]
    fn a_candidate_has_what_is_shared_but_for_its_own() {
        let body =
            r#"{"shared":{"n":1,"é":"s"},"candidates":[{"l":"a"},{"l":"b","é":"own"}],"top":1}"#;
        let request = rank_rows(body.as_bytes(), &columns(), LIMITS).expect("candidates");
        assert_eq!(cells(&request.rows), ["1;a;s", "1;b;own"]);
        assert_eq!((request.order, request.top), (Order::Sorted, Some(1)));
    }

    /// Bodies that are cut, or have bytes changed and put in, are rows or a problem, and end soon.
    #[test]
    fn no_body_makes_the_readers_panic() {
        let columns = columns();
        let bodies = [
            r#"{"rows":[{"n":1.5,"l":["a","b"],"é":"x\u00e9"},{"n":null,"l":"","é":true}]}"#,
            r#"{"columns":{"n":[1,2],"l":[["a"],null],"é":["\ud83d\ude00","y"]}}"#,
            r#"{"shared":{"n":1,"é":"s"},"candidates":[{"l":["a"]}],"order":"input","top":2}"#,
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
            assert!(rows.iter().flatten().all(|rows| rows.len() <= LIMITS.max_rows));
        }
    }

    #[test]
    fn deep_nesting_is_no_row_and_no_overflow() {
        let deep = |open: &str| format!(r#"{{"rows":[{{"n":{}"#, open.repeat(1_000_000));
        for open in ["[", "{\"a\":"] {
            assert!(score_rows(deep(open).as_bytes(), &columns(), LIMITS).is_err());
        }
        let closed =
            format!(r#"{{"rows":[{{"l":{}{}}}]}}"#, "[".repeat(100_000), "]".repeat(100_000));
        assert!(score_rows(closed.as_bytes(), &columns(), LIMITS).is_err());
    }
}
