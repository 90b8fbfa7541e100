//! The problems of one key, which show whether the configuration can have its value.

use super::field_tables::FieldOrigin;
use super::key_path::{Part, key_path};
use super::run_config::{ConfigText, Resolved, RunConfig};
use crate::error::TrainError;
use deepcross_features::Problem;

impl ConfigText<'_> {
    /// The problems at a key and within its value, after the changes of the call; problems of other keys are left out.
    ///
    /// The key is named as in a change of the call. A pattern has the problems of all fields that it stands for, and a
    /// key has those of its changes, too.
    ///
    /// # Errors
    /// [`TrainError::Config`] if the text is not TOML, and as
    /// [`RunConfig::read`](crate::RunConfig::read) if data files cannot be opened.
    pub fn problems_at(&self, key: &str) -> Result<Vec<Problem>, TrainError> {
        let Resolved { fields, problems, .. } = RunConfig::resolve_all(*self, &[])?;
        let parts = key_path(key).unwrap_or_default();
        let is_here = |problem: &Problem| {
            is_change(key, &problem.path) || is_at(&parts, &fields.origins, &problem.path)
        };
        Ok(problems.into_iter().filter(is_here).collect())
    }
}

/// Whether a problem is that of a change of the key, which could not be made.
fn is_change(key: &str, path: &str) -> bool {
    let set = path.strip_prefix("--set ").and_then(|change| change.strip_prefix(key));
    set.is_some_and(|rest| rest.starts_with('=')) || path.strip_prefix("--unset ") == Some(key)
}

/// Whether the path of a problem is that of the key, or begins with it.
fn is_at(key: &[Part], fields: &[FieldOrigin], path: &str) -> bool {
    match key {
        [] => false,
        [section, name, keys @ ..] if section.text == "field" => {
            let mut named = fields.iter().filter(|field| name.stands_for(&field.key));
            named.any(|field| field.rest_of(path).is_some_and(|rest| begins_with(rest, keys)))
        }
        keys => begins_with(path, keys),
    }
}

/// Whether a path has these parts at its beginning.
fn begins_with(path: &str, parts: &[Part]) -> bool {
    let mut rest = path;
    for (at, part) in parts.iter().enumerate() {
        let dotted = if at == 0 { Some(rest) } else { rest.strip_prefix('.') };
        let Some(after) = dotted.and_then(|rest| rest.strip_prefix(part.text.as_str())) else {
            return false;
        };
        rest = after;
    }
    parts.is_empty() || rest.is_empty() || rest.starts_with(['.', '['])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config_file::Overrides;

    const CONFIG: &str = "[data]\nlabel = 'click'\n[[field]]\nname = 'a.b'\nkind = 'categorical'\n[[field]]\n\
                          name = 'age'\nkind = 'number'\n[model]\nhidden = [8]\n";

    /// The problems at a key after changes.
    fn problems(key: &str, set: &[&str], unset: &[&str]) -> Vec<String> {
        let owned = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect::<Vec<_>>();
        let (set, unset) = (owned(set), owned(unset));
        let overrides = Overrides { set: &set, unset: &unset };
        let text = ConfigText { text: CONFIG, file: "run.toml", overrides, columns: None };
        text.problems_at(key).unwrap().iter().map(Problem::to_string).collect()
    }

    #[test]
    fn a_key_has_its_own_problems_and_those_within_its_value() {
        let zero = ["train.batch=0", "train.epochs=0", "model.hidden=[8, \"x\"]"];
        let expected = "`train.batch`: must be at least 1, but is 0";
        assert_eq!(problems("train.batch", &zero, &[]), [expected]);
        assert_eq!(problems("train", &zero, &[]).len(), 2);
        let expected =
            "`model.hidden[1]`: invalid type: string \"x\", expected a whole number from 0";
        assert_eq!(problems("model.hidden", &zero, &[]), [expected]);
        assert_eq!(problems("model.hidde", &zero, &[]), [""; 0]);
        let contradiction = ["model.kind=lr"];
        assert_eq!(problems("model.kind", &contradiction, &[]), [""; 0]);
        assert_eq!(problems("model.hidden", &contradiction, &[]).len(), 1);
    }

    #[test]
    fn fields_have_names_with_dots_and_patterns_stand_for_several() {
        let set = ["field.'a.b'.min_count=x", "field.age.bins=0"];
        let of_ad = problems("field.'a.b'.min_count", &set, &[]);
        assert!(of_ad.len() == 1 && of_ad[0].starts_with("`field.a.b.min_count`: "), "{of_ad:?}");
        assert_eq!(problems("field.'a.b'", &set, &[]), of_ad);
        assert_eq!(problems("field.a*.min_count", &set, &[]), of_ad);
        assert_eq!(problems("field.'a.b'.min", &set, &[]), [""; 0]);
        assert_eq!(problems("field.*.bins", &set[1..], &[]), problems("field.age", &set[1..], &[]));
        assert!(!problems("field.age.bins", &set[1..], &[]).is_empty());
    }

    #[test]
    fn a_change_that_cannot_be_made_is_a_problem_of_its_key() {
        let found = problems("field.agee.bins", &["field.agee.bins=3"], &[]);
        let expected = "`--set field.agee.bins=3`: there is no field `agee`; the nearest is `age`";
        assert_eq!(found, [expected]);
        let found = problems("field.agee", &[], &["field.agee"]);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(problems("field.age", &[], &["field.agee"]), [""; 0]);
    }
}
