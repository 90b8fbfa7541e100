//! Running statistics, updated from the observations of the groups of a batch.

use crate::{Gradients, Params, StatisticId};
use deepcross_kernels::Real;
use deepcross_kernels::tree::Parts;

impl<F: Real> Params<F> {
    /// Moves each statistic towards the values that the groups of a batch observed, one group after the other.
    /// For each group, a statistic moves by `momentum` times its difference from the observed value.
    ///
    /// This is the running estimate of ghost batch normalisation (Hoffer et al., NIPS 2017, algorithm 1).
    /// A group makes `a v + b` of a value `v`; such maps are joined as a [tree](deepcross_kernels::tree) of the groups.
    pub fn update_statistics(&mut self, groups: &[Gradients<F>], momentum: F) {
        let observed = |group: usize, id| groups[group].observed(id);
        self.update_observed(groups.len(), observed, momentum);
    }

    /// [`update_statistics`](Self::update_statistics) by the values that each of `n_groups` groups observed, wherever
    /// these are; `None` if it observed none.
    pub fn update_observed<'g>(
        &mut self,
        n_groups: usize,
        observed: impl Fn(usize, StatisticId) -> Option<&'g [F]>,
        momentum: F,
    ) {
        for id in self.statistic_ids() {
            for (i, value) in self.statistic_mut(id).iter_mut().enumerate() {
                let mut maps = Parts::none([F::one(), F::zero()]);
                for number in 0..n_groups {
                    let moved = observed(number, id).map(|observed| momentum * observed[i]);
                    moved.into_iter().for_each(|b| maps.push(number, [F::one() - momentum, b]));
                }
                // The map of the earlier groups comes first.
                let joined = maps.fold(|[a, b], [later, moved]| [later * a, later * b + moved]);
                joined.into_iter().for_each(|[a, b]| *value = a * *value + b);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    fn with_statistic(values: Vec<f32>) -> Params<f32> {
        let mut params = Params::new();
        params.add_dense("weight", array![[1.0, 2.0]]);
        params.add_statistic("mean", values);
        params
    }

    #[test]
    fn statistics_are_stored_beside_the_weights() {
        let (mut params, other) = (with_statistic(vec![3.0]), with_statistic(vec![f32::NAN]));
        assert_eq!((params.n_parameters(), params.dense_values()), (2, &[1.0, 2.0][..]));
        assert_eq!(other.find_non_finite(), Some(("mean", 0, 0)));
        assert_eq!(params.same_layout(&other), Ok(()));
        params.copy_from(&other);
        let id = params.statistic_ids().next().unwrap();
        assert!(params.statistic(id)[0].is_nan());
        assert!(params.same_layout(&with_statistic(vec![1.0, 2.0])).is_err());
    }

    #[test]
    fn statistics_move_by_one_group_after_the_other() {
        let mut params = with_statistic(vec![1.0]);
        let id = params.statistic_ids().next().unwrap();
        let mut groups = vec![Gradients::new(&params); 3];
        groups[0].observe(id).copy_from_slice(&[2.0]);
        groups[2].observe(id).copy_from_slice(&[4.0]);
        params.update_statistics(&groups, 0.5);
        assert_eq!(params.statistic(id), [0.5 * (0.5 * (1.0 + 2.0) + 4.0)]);
        groups.iter_mut().for_each(Gradients::clear);
        params.update_statistics(&groups, 0.5);
        assert_eq!(params.statistic(id), [2.75]);
    }
}
