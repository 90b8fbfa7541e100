//! Tests of models with several members: they predict the mean of the members' probabilities in every door, and go
//! through a file.

use crate::artifact::{self, Encoding, FileHeader, FileKind, FormatError, decode};
use crate::artifact::{SectionReader, SectionWriter};
use crate::header::Header;
use crate::kinds_test::{normalised_samples, sample_model, sample_of_members};
use crate::{BLOCK, MAX_MEMBERS, ModelKind, Predictor, Scorer, Tapes, TrainedModel, mean_logit};
use deepcross_autodiff::Params;
use deepcross_features::{Batch, Binding};
use deepcross_testing::peak;

const COLUMNS: [&str; 3] = ["click", "ad", "age"];

fn binding(scorer: &Scorer) -> Binding {
    scorer.encoder().bind(&COLUMNS.map(str::to_owned)).unwrap()
}

fn rows(n: usize) -> Vec<[String; 3]> {
    let ads = ["hats", "shoes", "none", ""];
    let row = |i: usize| ["0", ads[i % 4], &(20 + i % 50).to_string()].map(str::to_owned);
    (0..n).map(row).collect()
}

fn batch(model: &TrainedModel, rows: &[[String; 3]]) -> Batch {
    let encoder = &model.encoder;
    let binding = encoder.bind(&COLUMNS.map(str::to_owned)).unwrap();
    let (mut batch, mut counts) = (encoder.new_batch(), encoder.new_counts());
    for row in rows {
        encoder.encode(&binding, &row[..], &mut batch, &mut counts).unwrap();
    }
    batch
}

fn logits(predictor: Predictor<'_>, batch: &Batch) -> Vec<f32> {
    let mut logits = Vec::new();
    predictor.logits_batch(&Tapes::for_threads(1), batch, &mut logits);
    logits
}

#[test]
fn the_logit_is_that_of_the_mean_probability_in_every_door() {
    for kind in ModelKind::ALL {
        let (model, rows) = (sample_of_members(kind, 3), rows(2 * BLOCK + 9));
        let (scorer, batch) = (Scorer::new(model.clone()), batch(&model, &rows));
        let own: Vec<_> =
            model.predictor().members().map(|member| logits(member, &batch)).collect();
        assert_eq!(own[0], logits(sample_model(kind).predictor(), &batch), "{kind:?}");
        let of_row = |row: usize| [0, 1, 2].map(|member: usize| f64::from(own[member][row]));
        let expected: Vec<_> =
            (0..rows.len()).map(|row| mean_logit(&mut of_row(row)) as f32).collect();
        assert_eq!(logits(model.predictor(), &batch), expected, "{kind:?}");
        let mut session = scorer.session();
        assert!(scorer.push_all(&mut session, &binding(&scorer), &rows));
        assert_eq!(scorer.logits(&mut session), expected, "{kind:?}");
        let mut found = Vec::new();
        let tapes = Tapes::for_threads(1);
        model.predictor().with_calibrator(None).predict_batch(&tapes, &batch, &mut found);
        for (row, found) in found.iter().enumerate() {
            let mean = of_row(row).map(|logit| 1.0 / (1.0 + (-logit).exp())).iter().sum::<f64>();
            let expected = mean / 3.0;
            assert!((f64::from(*found) - expected).abs() <= 2e-7 * expected, "{kind:?}, {row}");
        }
        assert!(own[0] != own[1] && own[1] != own[2] && own[0] != expected, "{kind:?}");
    }
}

#[test]
fn candidates_have_the_probabilities_of_whole_rows() {
    for kind in ModelKind::ALL {
        let scorer = Scorer::new(sample_of_members(kind, 3));
        let (binding, mut rows) = (binding(&scorer), rows(BLOCK + 9));
        rows.iter_mut().for_each(|row| row[2] = "33".to_owned());
        let mut whole = scorer.session();
        let mut ranked = scorer.candidate_session(&binding, &[2]);
        for n in [rows.len(), 5, 1] {
            assert!(scorer.push_all(&mut whole, &binding, &rows[..n]));
            scorer.share(&mut ranked, &rows[0][..]).unwrap();
            assert!(scorer.push_candidates(&mut ranked, &rows[..n]));
            let pairs = scorer.rank(&mut ranked).iter().zip(scorer.score(&mut whole));
            let far = pairs.filter(|(a, b)| (*a - *b).abs() >= 1e-6).count();
            assert_eq!(far, 0, "{kind:?}");
        }
    }
}

#[test]
fn a_warm_call_of_members_allocates_nothing() {
    for kind in ModelKind::ALL {
        let scorer = Scorer::new(sample_of_members(kind, 3));
        let (binding, rows) = (binding(&scorer), rows(BLOCK + 9));
        let (mut whole, mut ranked) = (scorer.session(), scorer.candidate_session(&binding, &[2]));
        let mut score = |n: usize| {
            assert!(scorer.push_all(&mut whole, &binding, &rows[..n]));
            scorer.share(&mut ranked, &rows[0][..]).unwrap();
            assert!(scorer.push_candidates(&mut ranked, &rows[..n]));
            scorer.score(&mut whole).len() + scorer.rank(&mut ranked).len()
        };
        assert!(peak(|| score(rows.len())).1 > 0);
        for n in [rows.len(), 1, 7] {
            assert_eq!(peak(|| score(n)), (2 * n, 0), "{kind:?}, {n} rows");
        }
    }
}

#[test]
fn members_go_through_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("model.dcx");
    for kind in ModelKind::ALL {
        let model = sample_of_members(kind, 3);
        model.save(&file).unwrap();
        let bytes = std::fs::read(&file).unwrap();
        let [read, mapped] = [TrainedModel::load, TrainedModel::map].map(|open| open(&file));
        for again in [read.unwrap(), mapped.unwrap(), TrainedModel::from_bytes(&bytes).unwrap()] {
            assert!(again.to_bytes().unwrap() == bytes, "{kind:?}");
            assert_eq!(again.fingerprint(), model.fingerprint());
            assert_eq!(again.n_parameters(), 3 * model.params.n_parameters());
            let batch = batch(&model, &rows(7));
            assert_eq!(logits(again.predictor(), &batch), logits(model.predictor(), &batch));
        }
        let mut other = model.clone();
        other.other_members.swap(0, 1);
        assert_ne!(other.fingerprint(), model.fingerprint());
    }
}

/// A header that says another number of members.
fn forged(n_members: usize, members: &[Params<f32>]) -> Result<TrainedModel, String> {
    let model = sample_model(ModelKind::Fm);
    let header = Header { n_members, ..model.header().unwrap() };
    let members: Vec<_> = members.iter().collect();
    let mut bytes = Vec::new();
    Encoding::new(&header, &members)
        .map_err(|error| error.to_string())?
        .write_to(&mut bytes)
        .unwrap();
    let read = TrainedModel::from_bytes(&bytes);
    read.map_err(|error| error.to_string().replace("`a model in memory`: ", ""))
}

#[test]
fn members_that_are_no_model_are_refused() {
    let params = || sample_model(ModelKind::Fm).params;
    assert_eq!(forged(2, &[params(), params()]).unwrap().members().len(), 2);
    let many = vec![params(); MAX_MEMBERS + 1];
    let expected = "the section `members` cannot be decoded: it has 17 members, expected 2 to 16";
    assert_eq!(forged(many.len(), &many).unwrap_err(), expected);
    assert_eq!(forged(2, &[params()]).unwrap_err(), "has 1 members, expected 2");
    let other = sample_model(ModelKind::Mlp).params;
    let error = forged(2, &[params(), other.clone()]).unwrap_err();
    assert!(error.contains("do not belong to the stored model: member 2: "), "{error}");
    let error = forged(3, &[params(), params(), Params::new()]).unwrap_err();
    assert!(error.contains("member 3: "), "{error}");
    let model = sample_model(ModelKind::Fm);
    assert!(model.clone().with_weights(many).is_err() && model.with_weights(vec![]).is_err());
    let (_, normed) = normalised_samples().next().unwrap();
    let mut other = normed.params.clone();
    let id = other.statistic_ids().last().unwrap();
    other.statistic_mut(id).fill(-1.0);
    let error = normed.clone().with_weights(vec![normed.params, other]).unwrap_err().to_string();
    assert!(error.contains("member 2: ") && error.contains("a variance of -1"), "{error}");
}

/// The header as a program knows it that has no models of several members.
#[derive(Debug)]
struct Older;

impl FileHeader for Older {
    const KIND: FileKind =
        FileKind { sections: Header::KIND.sections.split_last().unwrap().1, ..Header::KIND };

    fn write(&self, _: &mut SectionWriter) -> Result<(), FormatError> {
        Ok(())
    }

    fn read(_: &mut SectionReader<'_>) -> Result<Self, FormatError> {
        Ok(Self)
    }
}

#[test]
fn a_program_without_members_names_the_section_that_it_does_not_know() {
    let bytes = sample_of_members(ModelKind::Fm, 2).to_bytes().unwrap();
    let error = decode::<Older>(&bytes).unwrap_err().to_string();
    let expected =
        "has a section `members`, which this program does not know; it was written by deepcross ";
    assert!(error.starts_with(expected), "{error}");
    let one = sample_model(ModelKind::Fm).to_bytes().unwrap();
    let error = decode::<Older>(&one).unwrap_err();
    assert!(matches!(error, FormatError::SectionOrder { .. }), "only the sections were not read");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("model.dcx");
    let model = sample_model(ModelKind::Fm);
    let header = Header { n_members: 3, ..model.header().unwrap() };
    let error = artifact::write(&file, &header, &[&model.params]).unwrap_err().to_string();
    assert!(error.contains("has 1 members, expected 3") && !file.exists(), "{error}");
}
