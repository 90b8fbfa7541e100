//! A trained model with the configuration of its run, which also says how rows for the model are read.

use crate::config_file::RunConfig;
use crate::error::TrainError;
use deepcross_data::{DataError, Input, Labels, Partition, RowPlan, RowReader, Source};
use deepcross_model::artifact::ArtifactError;
use deepcross_model::{Kinds, TrainedModel};
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
        Self::load_with(path, &Kinds::standard())
    }

    /// The same as [`load`](Self::load), for an artifact whose model is of one of these kinds.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    pub fn load_with(path: &Path, kinds: &Kinds) -> Result<Self, TrainError> {
        Self::read(path, |path| TrainedModel::load_with(path, kinds))
    }

    /// The run of an artifact whose bytes are in memory.
    ///
    /// # Errors
    /// As [`TrainedModel::from_bytes`], and [`TrainError::StoredConfig`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, TrainError> {
        Self::read(Path::new(TrainedModel::IN_MEMORY), |_| TrainedModel::from_bytes(bytes))
    }

    /// The same as [`load`](Self::load), with tables that stay in the file: see [`TrainedModel::map`].
    ///
    /// # Errors
    /// As [`TrainedModel::map`], and [`TrainError::StoredConfig`].
    pub fn map(path: &Path) -> Result<Self, TrainError> {
        Self::map_with(path, &Kinds::standard())
    }

    /// The same as [`map`](Self::map), for an artifact whose model is of one of these kinds.
    ///
    /// # Errors
    /// As [`map`](Self::map).
    pub fn map_with(path: &Path, kinds: &Kinds) -> Result<Self, TrainError> {
        Self::read(path, |path| TrainedModel::map_with(path, kinds))
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

    /// The same run for rows with the recorded values of fields that have a value at prediction, as in training: for
    /// learning from their labels, which were made with the recorded values.
    #[must_use]
    pub fn with_recorded_values(self) -> Self {
        let Self { trained, config } = self;
        let encoder = trained.encoder.for_training();
        Self { trained: TrainedModel { encoder, ..trained }, config }
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
        let source = source.after_training_on(self.trained.training.negative_label);
        RowReader::new(&source, &self.trained.encoder, plan)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkpoint::{load_model, load_model_with};
    use crate::options::{Files, RunOptions};
    use crate::run::{EvaluateOptions, evaluate, train};
    use deepcross_autodiff::{DenseId, Params, Pass, Real, Var};
    use deepcross_features::Problem;
    use deepcross_features::batch::FieldShape;
    use deepcross_layers::units::UnitVars;
    use deepcross_layers::{Builder, Module, Scoring, ScoringConfig};
    use deepcross_model::config::StackingSpec;
    use deepcross_model::{Model, ModelSpec, Network, StackedInput};
    use std::sync::atomic::{AtomicU64, Ordering};

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
        let bytes = trained.to_bytes().unwrap();
        assert_eq!(bytes, std::fs::read(&artifact).unwrap());
        let all = [
            TrainedRun::load(&artifact),
            TrainedRun::map(&artifact),
            TrainedRun::from_bytes(&bytes),
        ];
        for run in all {
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
        let error = TrainedRun::from_bytes(&bytes[..bytes.len() - 1]).unwrap_err();
        let message = error.to_string();
        assert!(
            message.contains(TrainedModel::IN_MEMORY) && message.contains("cut off"),
            "{message}"
        );
    }

    #[test]
    fn a_run_that_is_asked_to_stop_ends_after_a_batch() {
        let rows = (0..64).map(|at| vec![(at % 2).to_string(), format!("ad{at}")]).collect();
        let rows = Input::from_rows(vec!["click".to_owned(), "ad".to_owned()], rows);
        let config = RunConfig::parse(CONFIG, &[], "run.toml").unwrap();
        let n_asked = AtomicU64::new(0);
        let stop = || n_asked.fetch_add(1, Ordering::Relaxed) == 2;
        let options = RunOptions { stop: Some(&stop), ..RunOptions::on_threads(1) };
        let stopped = train(&config, &Files::new(rows), options, &mut |_| ());
        assert!(matches!(stopped, Err(TrainError::Interrupted { step: 3 })), "{stopped:?}");
    }

    /// A kind of model from outside of the workspace: a linear map over the stacked input.
    #[derive(Clone, Debug)]
    struct Outside {
        stacked_input: StackedInput,
        scoring: Scoring,
    }

    impl Network for Outside {
        const KIND: &'static str = "outside";

        type Spec = StackingSpec;

        fn problems(spec: &StackingSpec) -> Vec<Problem> {
            spec.problems()
        }

        fn n_parameters(spec: &StackingSpec, shapes: &[FieldShape]) -> Option<usize> {
            let (embeddings, width) = spec.size(shapes)?;
            embeddings.checked_add(width)?.checked_add(1)
        }

        fn build<F: Real>(
            spec: &StackingSpec,
            shapes: &[FieldShape],
            builder: &mut Builder<'_, F>,
        ) -> Self {
            let mut stacked_input = spec.build(shapes, builder);
            let scoring = ScoringConfig::new("scoring", stacked_input.width()).init(builder);
            stacked_input.push_built("scoring", 1, builder);
            Self { stacked_input, scoring }
        }

        fn stacked_input(&self) -> &StackedInput {
            &self.stacked_input
        }

        fn forward_stacked<F: Real>(
            &self,
            pass: &mut Pass<'_, F>,
            stacked: Var,
            _: &mut dyn FnMut(Var, UnitVars),
        ) -> Var {
            self.scoring.forward(pass, stacked)
        }

        fn bias(&self) -> Option<DenseId> {
            self.scoring.linear.bias
        }
    }

    #[test]
    fn a_model_of_a_kind_from_outside_is_evaluated_on_files() {
        let folder = tempfile::tempdir().unwrap();
        let (data, artifact) = (folder.path().join("clicks.csv"), folder.path().join("model.dcx"));
        std::fs::write(&data, format!("click;ad\n{}", "1;shoes\n0;socks\n".repeat(20))).unwrap();
        let config = RunConfig::parse(CONFIG, &[], "run.toml").unwrap();
        let files = Files::new(vec![data.clone()]);
        let trained = train(&config, &files, RunOptions::on_threads(1), &mut |_| ()).unwrap();
        let spec = ModelSpec::of::<Outside>(StackingSpec::new(&config.model));
        let mut params = Params::new();
        let model = Model::new(&spec, trained.encoder.shapes(), &mut params, 1).unwrap();
        TrainedModel { spec, model, params, ..trained }.save(&artifact).unwrap();

        let kinds = Kinds::standard().with::<Outside>();
        assert_eq!(load_model_with(&artifact, &kinds).unwrap().spec.kind(), "outside");
        for run in
            [TrainedRun::load_with(&artifact, &kinds), TrainedRun::map_with(&artifact, &kinds)]
        {
            let run = run.unwrap();
            let mut reader = run.reader(std::slice::from_ref(&data), Labels::Required).unwrap();
            let predictor = run.trained.predictor();
            let evaluated = evaluate(predictor, &mut reader, EvaluateOptions::default()).unwrap();
            assert_eq!(evaluated.summary.rows, 40);
        }
        for error in [
            TrainedRun::load(&artifact).unwrap_err(),
            TrainedRun::map(&artifact).unwrap_err(),
            load_model(&artifact).unwrap_err(),
        ] {
            assert!(error.to_string().contains("the kind `outside`"), "{error}");
        }
    }
}
