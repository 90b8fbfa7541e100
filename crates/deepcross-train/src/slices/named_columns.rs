//! Resolves the names of columns, or of fields, to the columns by which rows are cut, and the form of their values.

use super::plan::{SliceColumn, SliceForm};
use crate::error::TrainError;
use deepcross_data::Source;
use deepcross_features::{Encoder, FieldDescription, ValueForm, suggest};

/// The name that stands for the columns of all fields.
const ALL: &str = "all";

/// The columns that some names stand for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NamedColumns {
    /// The columns, each once, in the order of the names.
    pub columns: Vec<SliceColumn>,
    /// The columns of fields that `all` leaves out, since a row has several values.
    pub left_out: Vec<String>,
}

impl NamedColumns {
    /// The columns of these names: each is a column of `source`, or else a field of `encoder`, or `all` for the columns
    /// of all fields with one value a row.
    ///
    /// Columns that no field reads are cut by their values.
    ///
    /// # Errors
    /// [`TrainError::SliceColumn`] if there is no such column, if it is the label, or if its rows do not have one value
    /// each.
    pub fn of(names: &[String], encoder: &Encoder, source: &Source) -> Result<Self, TrainError> {
        let fields = encoder.fields();
        let mut found = Self::default();
        for name in names {
            match name.as_str() {
                ALL if !source.header().contains(name) => found.push_all(&fields, source),
                _ => found.push(column(name, &fields, source)?),
            }
        }
        Ok(found)
    }

    fn push(&mut self, column: SliceColumn) {
        if self.columns.iter().all(|known| known.name != column.name) {
            self.columns.push(column);
        }
    }

    /// Adds the columns of all fields; a column that the model does not read may be absent.
    fn push_all(&mut self, fields: &[FieldDescription], source: &Source) {
        self.left_out.clear();
        let is_there = |field: &&FieldDescription| {
            field.rules.at_prediction.is_none()
                || field.columns.iter().all(|column| source.header().contains(column))
        };
        let fields = fields.iter().filter(is_there);
        for (field, column) in fields.filter_map(|field| Some((field, only_column(field)?))) {
            match form(field) {
                Some(form) => self.push(SliceColumn { name: column.to_owned(), form }),
                None => self.left_out.push(column.to_owned()),
            }
        }
    }
}

/// The column of `source` that is called `name`, or else the one that the field `name` of `encoder` reads.
///
/// Its raw values group rows for [`GroupedEvaluation`](crate::groups::GroupedEvaluation), however a field reads them: a
/// query is one value, even if a text field takes it apart.
///
/// # Errors
/// [`TrainError::SliceColumn`] if there is no such column, or if it is the label.
pub fn named_column(name: &str, encoder: &Encoder, source: &Source) -> Result<String, TrainError> {
    column_name(name, &encoder.fields(), source).map(str::to_owned)
}

/// The column of this name, and how its rows are cut into slices.
fn column(
    name: &str,
    fields: &[FieldDescription],
    source: &Source,
) -> Result<SliceColumn, TrainError> {
    let column = column_name(name, fields, source)?;
    let mut readers = fields.iter().filter(|field| only_column(field) == Some(column));
    let form = match readers.next() {
        None => SliceForm::Values,
        Some(field) => form(field).ok_or_else(|| TrainError::SliceColumn {
            name: name.to_owned(),
            problem: format!(
                "is read as {}: a row has several values, but must be in one slice",
                field.kind
            ),
        })?,
    };
    Ok(SliceColumn { name: column.to_owned(), form })
}

/// The column of `source` that is called `name`, or else the one that the field `name` reads.
fn column_name<'n>(
    name: &'n str,
    fields: &'n [FieldDescription],
    source: &Source,
) -> Result<&'n str, TrainError> {
    let problem = |problem| TrainError::SliceColumn { name: name.to_owned(), problem };
    let of_field = || fields.iter().find(|field| field.name == name).and_then(only_column);
    let column = match source.header().iter().any(|known| known == name) {
        true => name,
        false => of_field().ok_or_else(|| {
            let known = suggest::nearest(name, source.header());
            let hint =
                known.map_or_else(String::new, |known| format!("; the nearest is `{known}`"));
            problem(format!("the data have no column of this name{hint}"))
        })?,
    };
    if source.config().label().is_some_and(|label| label.column == column) {
        return Err(problem("is the label, which predictions are compared with".to_owned()));
    }
    Ok(column)
}

/// The column that the field reads; `None` if it reads several, so that it has no value of its own in the data.
fn only_column(field: &FieldDescription) -> Option<&str> {
    match &field.columns[..] {
        [column] => Some(column),
        _ => None,
    }
}

/// How the raw values of a field's column are grouped into slices; `None` if a row has several.
fn form(field: &FieldDescription) -> Option<SliceForm> {
    match field.form {
        ValueForm::List { .. } | ValueForm::Texts | ValueForm::Vector => None,
        ValueForm::Number | ValueForm::Time { is_number: true } => Some(SliceForm::Numbers),
        _ => Some(SliceForm::Values),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config_file::RunConfig;
    use deepcross_data::{BadRows, Partition, fit};
    use std::fmt::Write;

    const CONFIG: &str = r#"
        [data]
        label = "click"

        [[field]]
        name = "ad"
        kind = "categorical"

        [[field]]
        name = "age"
        kind = "number"

        [[field]]
        name = "tags"
        kind = "multi-hot"

        [[field]]
        name = "brand"
        column = "maker"
        kind = "categorical"

        [[field]]
        name = "pair"
        kind = "cross"
        columns = ["ad", "maker"]
        buckets = 20
    "#;

    /// The columns as text, those left out after a dash, or the message of the error.
    fn resolve(names: &[&str]) -> Result<String, String> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("clicks.csv");
        let rows = "1,shoes,31,a|b,acme,x\n0,socks,44,b,acme,y\n";
        std::fs::write(&file, format!("click,ad,age,tags,maker,extra\n{rows}")).unwrap();
        let config = RunConfig::parse(CONFIG, &[], "run.toml").unwrap();
        let source = Source::open(&[file], &config.data).unwrap();
        let schema = config.schema().unwrap();
        let fitted = fit(&source, &schema, Partition::All, BadRows::Error).unwrap();
        let names: Vec<_> = names.iter().map(|&name| name.to_owned()).collect();
        let found = NamedColumns::of(&names, &fitted.encoder, &source);
        let NamedColumns { columns, left_out } = found.map_err(|error| error.to_string())?;
        let mut text = String::new();
        for SliceColumn { name, form } in columns {
            write!(text, "{name} {form:?} ").unwrap();
        }
        Ok(format!("{text}- {}", left_out.join(" ")))
    }

    #[test]
    fn names_stand_for_columns_or_fields() {
        let cases: [(&[&str], &str); 5] = [
            (&["age", "ad", "age"], "age Numbers ad Values - "),
            (&["brand", "maker"], "maker Values - "),
            (&["extra"], "extra Values - "),
            (&["all"], "ad Values age Numbers maker Values - tags"),
            (&["maker", "all", "all"], "maker Values ad Values age Numbers - tags"),
        ];
        for (names, expected) in cases {
            assert_eq!(resolve(names).as_deref(), Ok(expected), "{names:?}");
        }
    }

    #[test]
    fn columns_that_cannot_be_sliced_are_refused() {
        for (name, problem) in [
            ("agee", "the data have no column of this name; the nearest is `age`"),
            ("elephant", "the data have no column of this name"),
            ("pair", "the data have no column of this name"),
            ("click", "is the label, which predictions are compared with"),
            ("tags", "is read as multi-hot: a row has several values, but must be in one slice"),
        ] {
            assert_eq!(resolve(&["ad", name]), Err(format!("slices by `{name}`: {problem}")));
        }
    }
}
