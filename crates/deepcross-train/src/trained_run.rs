//! A trained model with the configuration of its run, which also says how rows for the model are read.

use crate::config_file::RunConfig;
use crate::error::TrainError;
use deepcross_data::{DataError, Input, Labels, Partition, RowPlan, RowReader, Source};
use deepcross_model::TrainedModel;
use deepcross_model::artifact::ArtifactError;
use std::path::Path;

/// A trained model, and the configuration that it was trained with.
#[derive(Debug)]
pub struct TrainedRun {
    /// The model.
    pub trained: TrainedModel,
    /// The configuration. A caller may change `data` before it reads rows that have another format than the training
    /// files.
    pub config: RunConfig,
}

impl TrainedRun {
    /// Reads the artifact of a run.
    ///
    /// # Errors
    /// As [`TrainedModel::load`], and [`TrainError::StoredConfig`].
    pub fn load(path: &Path) -> Result<Self, TrainError> {
        Self::read(path, TrainedModel::load)
    }

    /// The same as [`load`](Self::load), with tables that stay in the file: see [`TrainedModel::map`].
    ///
    /// # Errors
    /// As [`TrainedModel::map`], and [`TrainError::StoredConfig`].
    pub fn map(path: &Path) -> Result<Self, TrainError> {
        Self::read(path, TrainedModel::map)
    }

    fn read(
        path: &Path,
        read: impl FnOnce(&Path) -> Result<TrainedModel, ArtifactError>,
    ) -> Result<Self, TrainError> {
        let trained = read(path)?;
        let config = RunConfig::parse(&trained.config, &[], "the configuration").map_err(
            |error| match error {
                TrainError::Config { problems, .. } => {
                    TrainError::StoredConfig { file: path.to_owned(), problems }
                }
                other => other,
            },
        )?;
        Ok(Self { trained, config })
    }

    /// A reader of all rows of files, which reads them as the training files were read.
    ///
    /// # Errors
    /// As [`Source::open`] and [`RowReader::new`].
    pub fn reader(
        &self,
        files: impl Into<Input>,
        labels: Labels,
    ) -> Result<RowReader<'_>, DataError> {
        self.reader_of(&Source::open(files, &self.config.data)?, labels)
    }

    /// A reader of all rows of a source; bad rows are treated as in training.
    ///
    /// # Errors
    /// As [`RowReader::new`].
    pub fn reader_of(&self, source: &Source, labels: Labels) -> Result<RowReader<'_>, DataError> {
        let bad_rows = self.config.data.bad_rows;
        let plan = RowPlan { labels, partition: Partition::All, bad_rows };
        RowReader::new(source, &self.trained.encoder, plan)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::{Files, RunOptions};
    use crate::run::train;

    const CONFIG: &str = r#"
        [data]
        label = "click"
        delimiter = ";"

        [[field]]
        name = "ad"
        kind = "categorical"

        [model]
        embedding = 4
        hidden = [8]
        bypass_below = 0

        [train]
        epochs = 1
        batch = 16
        valid_fraction = 0
    "#;

    #[test]
    fn a_model_is_read_with_its_configuration_and_its_rows_as_in_training() {
        let folder = tempfile::tempdir().unwrap();
        let (data, artifact) = (folder.path().join("clicks.csv"), folder.path().join("model.dcx"));
        std::fs::write(&data, format!("click;ad\n{}", "1;shoes\n0;socks\n".repeat(20))).unwrap();
        let config = RunConfig::parse(CONFIG, &[], "run.toml").unwrap();
        let files = Files::new(vec![data.clone()]);
        let mut trained = train(&config, &files, RunOptions::on_threads(1), &mut |_| ()).unwrap();
        trained.save(&artifact).unwrap();
        for run in [TrainedRun::load(&artifact), TrainedRun::map(&artifact)] {
            let run = run.unwrap();
            assert_eq!(run.config.to_toml().unwrap(), config.to_toml().unwrap());
            let mut reader = run.reader(std::slice::from_ref(&data), Labels::Required).unwrap();
            let mut batch = reader.new_batch();
            assert_eq!(reader.fill(&mut batch, 100).unwrap(), 40);
            assert_eq!(batch.labels().iter().sum::<f32>(), 20.0);
        }

        trained.config = "data = 1".to_owned();
        trained.save(&artifact).unwrap();
        let error = TrainedRun::load(&artifact).unwrap_err();
        assert!(matches!(error, TrainError::StoredConfig { .. }), "{error:?}");
        let start = format!("{}: the configuration in the artifact: ", artifact.display());
        assert!(error.to_string().starts_with(&start), "{error}");
    }
}
