//! Properties: the twin of isotonic regression, order, weights.

use deepcross_calibration::{
    CalibrationMap, Isotonic, MAX_TEMPERATURE, MIN_TEMPERATURE, Method, Observation, cross_fit,
};
use proptest::prelude::*;

/// Rows of few distinct logits and of both classes, with whole weights.
fn rows() -> impl Strategy<Value = Vec<(f32, bool, u8)>> {
    let row = (-12_i8..12, any::<bool>(), 0_u8..4);
    let row = row.prop_map(|(z, positive, weight)| (f32::from(z) / 3.0, positive, weight));
    let mixed = |rows: &Vec<(f32, bool, u8)>| {
        let n = |class| rows.iter().filter(|row| row.2 > 0 && row.1 == class).count();
        n(true) > 1 && n(false) > 1
    };
    prop::collection::vec(row, 4..60).prop_filter("both classes", mixed)
}

fn observations(rows: &[(f32, bool, u8)]) -> Vec<Observation> {
    let row = |&(logit, positive, weight): &(f32, bool, u8)| {
        Observation::new(logit, f32::from(u8::from(positive)), f32::from(weight)).unwrap()
    };
    rows.iter().map(row).collect()
}

/// Isotonic regression by its min–max formula (Robertson, Wright and Dykstra 1988, eq. 1.4.3): at each logit, the largest
/// over all logits that are not above it, of the smallest over all that are not below it, of the mean label between.
fn min_max(rows: &[(f32, bool, u8)]) -> Vec<(f32, f64)> {
    let mut rows: Vec<(f32, f64, f64)> = rows
        .iter()
        .filter(|row| row.2 > 0)
        .map(|&(z, positive, w)| (z, if positive { f64::from(w) } else { 0.0 }, f64::from(w)))
        .collect();
    let lowest = rows.iter().map(|row| row.0).fold(f32::INFINITY, f32::min);
    let highest = rows.iter().map(|row| row.0).fold(f32::NEG_INFINITY, f32::max);
    rows.extend([(lowest, 1.0, 1.0), (highest, 0.0, 1.0)]);
    let mut logits: Vec<f32> = rows.iter().map(|row| row.0).collect();
    logits.sort_by(f32::total_cmp);
    logits.dedup();
    let mean = |from: f32, to: f32| {
        let within = || rows.iter().filter(|row| (from..=to).contains(&row.0));
        within().map(|row| row.1).sum::<f64>() / within().map(|row| row.2).sum::<f64>()
    };
    let value = |z: f32| {
        let starts = logits.iter().filter(|from| **from <= z);
        let least = |from: f32| {
            let ends = logits.iter().filter(|to| **to >= z);
            ends.map(|to| mean(from, *to)).fold(f64::INFINITY, f64::min)
        };
        starts.map(|from| least(*from)).fold(f64::NEG_INFINITY, f64::max)
    };
    logits.iter().map(|&z| (z, value(z))).collect()
}

/// Logits over the whole range, between those of the rows.
fn scan() -> impl Iterator<Item = f32> {
    let ends = [f32::NEG_INFINITY, f32::MIN, -1e6];
    let rest = (-600..=600).map(|i| i as f32 / 100.0);
    ends.into_iter().chain(rest).chain([1e6, f32::MAX, f32::INFINITY])
}

proptest! {
    #[test]
    fn isotonic_is_the_min_max_formula(rows in rows()) {
        let map = Isotonic::fit(&observations(&rows)).unwrap();
        for (logit, expected) in min_max(&rows) {
            let found = map.probability(logit);
            prop_assert!((f64::from(found) - expected).abs() < 1e-6, "{logit}: {found}, {expected}");
        }
    }

    #[test]
    fn maps_never_fall_and_end_in_probabilities(rows in rows()) {
        for method in Method::ALL {
            let Ok(map) = CalibrationMap::fit(method, &observations(&rows)) else { continue };
            let found: Vec<f32> = scan().map(|logit| map.probability(logit)).collect();
            prop_assert!(found.windows(2).all(|pair| pair[0] <= pair[1]), "{map:?}");
            prop_assert!(found.iter().all(|p| (0.0..=1.0).contains(p)), "{map:?}");
            prop_assert!(map.probability(f32::NAN).is_nan());
            if method == Method::Isotonic {
                prop_assert!(found.iter().all(|p| *p > 0.0 && *p < 1.0), "{map:?}");
            }
        }
    }

    #[test]
    fn a_whole_weight_is_that_many_rows(rows in rows()) {
        let repeated: Vec<_> = rows
            .iter()
            .flat_map(|&(z, positive, weight)| vec![(z, positive, 1); usize::from(weight)])
            .collect();
        let (weighted, repeated) = (observations(&rows), observations(&repeated));
        for method in Method::ALL {
            let a = CalibrationMap::fit(method, &weighted);
            let b = CalibrationMap::fit(method, &repeated);
            prop_assert_eq!(a.is_ok(), b.is_ok());
            let (Ok(a), Ok(b)) = (a, b) else { continue };
            for logit in scan().filter(|logit| logit.abs() < 5.0) {
                let (a, b) = (a.probability(logit), b.probability(logit));
                prop_assert!((a - b).abs() < 1e-6, "{method:?}: {a}, {b}");
            }
        }
    }

    #[test]
    fn no_temperature_has_a_lower_loss(rows in rows()) {
        let rows = observations(&rows);
        let Ok(CalibrationMap::Temperature(map)) = CalibrationMap::fit(Method::Temperature, &rows) else {
            return Err(TestCaseError::fail("no temperature"));
        };
        let loss = |t: f64| -> f64 {
            let loss = |row: &Observation| {
                let sign = if row.label() == 1.0 { -1.0 } else { 1.0 };
                let x = sign * f64::from(row.logit()) / t;
                f64::from(row.weight()) * (x.max(0.0) + (-x.abs()).exp().ln_1p())
            };
            rows.iter().map(loss).sum()
        };
        let least = loss(map.temperature());
        for i in -40..=40 {
            let other = 10f64.powf(f64::from(i) / 20.0).clamp(MIN_TEMPERATURE, MAX_TEMPERATURE);
            prop_assert!(least <= loss(other) * (1.0 + 1e-12) + 1e-12, "{map:?}, {other}");
        }
    }

    #[test]
    fn cross_fitting_gives_each_row_a_probability(rows in rows()) {
        let rows = observations(&rows);
        let found = cross_fit(Method::Isotonic, &rows).unwrap();
        prop_assert_eq!(found.len(), rows.len());
        prop_assert!(found.iter().all(|p| *p > 0.0 && *p < 1.0));
    }
}
