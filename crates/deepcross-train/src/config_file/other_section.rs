//! A section of a configuration that is read by another crate, such as that of a search.

use super::field_tables::FieldTables;
use super::lines::KeyLines;
use super::run_config::{ConfigText, syntax_problem};
use crate::error::TrainError;
use deepcross_features::Problem;
use toml::{Table, Value};

impl ConfigText<'_> {
    /// A section with the changes of the call, or an empty one if it is not there.
    ///
    /// The rest of the text is not checked: [`RunConfig::read`](crate::RunConfig::read) does that.
    ///
    /// # Errors
    /// [`TrainError::Config`] if the text is not TOML, or if the section is not a table.
    pub fn section(&self, name: &str) -> Result<Table, TrainError> {
        let parsed: Result<Table, _> = toml::from_str(self.text);
        let mut table =
            parsed.map_err(|error| self.failed(vec![syntax_problem(self.text, &error)]))?;
        let mut of_others = Vec::new();
        // Fields are taken out, since their changes are not those of a section.
        FieldTables::take(&mut table, &mut of_others);
        self.overrides.apply(&mut table, &mut of_others);
        match table.remove(name) {
            None => Ok(Table::new()),
            Some(Value::Table(section)) => Ok(section),
            Some(other) => {
                let message = format!("must be a table, but has the type {}", other.type_str());
                Err(self.refused(&[Problem::new(name, message)]))
            }
        }
    }

    /// The error of a text with these problems, each with its line.
    pub fn refused(&self, problems: &[Problem]) -> TrainError {
        let lines = KeyLines::of(self.text, &[], &[]);
        self.failed(problems.iter().map(|problem| lines.located(problem)).collect())
    }

    fn failed(&self, problems: Vec<String>) -> TrainError {
        TrainError::Config { file: self.file.to_owned(), problems }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config_file::Overrides;

    #[test]
    fn a_section_has_the_changes_of_the_call_and_its_problems_have_lines() {
        let set = ["tune.final_fraction=0.5".to_owned(), "field.a.top=3".to_owned()];
        let overrides = Overrides { set: &set, unset: &[] };
        let text = "[[field]]\nname = 'a'\n[tune]\ntrain.batch = [1]\n";
        let config = ConfigText { text, file: "run.toml", overrides, columns: None };
        let found = config.section("tune").unwrap();
        assert_eq!(found["final_fraction"].as_float(), Some(0.5));
        assert!(config.section("compare").unwrap().is_empty());
        let error = config.refused(&[Problem::new("tune.train.batch", "is wrong")]);
        assert_eq!(error.to_string(), "run.toml: line 4: `tune.train.batch`: is wrong");
        let config = ConfigText { text: "tune = 1", ..config };
        let error = ConfigText { overrides: Overrides::default(), ..config }.section("tune");
        let expected = "run.toml: line 1: `tune`: must be a table, but has the type integer";
        assert_eq!(error.unwrap_err().to_string(), expected);
    }
}
