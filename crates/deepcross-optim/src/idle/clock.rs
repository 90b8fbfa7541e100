//! Clocks of rows: the steps that a row has made.

use deepcross_kernels::Real;

/// The number of values of state that a row has for its clock, if rows are [settled](crate::TableUpdates::Settled).
pub const CLOCK: usize = 4;

/// The number of steps, and the sum of their [measures](crate::rules::IdleRule::measure).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Clock {
    pub(super) steps: u64,
    pub(super) measure: f64,
}

impl Clock {
    /// The clock after one more step.
    pub(super) fn after(self, measure: f64) -> Self {
        Self { steps: self.steps + 1, measure: self.measure + measure }
    }

    pub(super) fn read<F: Real>(values: &[F]) -> Self {
        let number = |at: usize| values[at].as_f64() + values[at + 1].as_f64();
        Self { steps: number(0) as u64, measure: number(2) }
    }

    /// Writes each number in two parts, since one of f32 has too few digits.
    pub(super) fn write<F: Real>(self, values: &mut [F]) {
        for (number, parts) in [self.steps as f64, self.measure].into_iter().zip([0, 2]) {
            let high = F::of(number);
            values[parts] = high;
            values[parts + 1] = F::of(number - high.as_f64());
        }
    }
}

/// A number as three of `F`, whose sum is exact.
pub(super) fn thirds<F: Real>(number: f64) -> [F; 3] {
    let first = F::of(number);
    let rest = number - first.as_f64();
    let second = F::of(rest);
    [first, second, F::of(rest - second.as_f64())]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_in_f32_keep_the_steps_of_any_run() {
        for steps in [0, 1, (1 << 24) + 1, (1 << 47) - 1] {
            let (clock, mut values) = (Clock { steps, measure: 1_234.567_890_123 }, [0_f32; CLOCK]);
            clock.write(&mut values);
            let read = Clock::read(&values);
            assert_eq!(read.steps, steps);
            assert!((read.measure - clock.measure).abs() < 1e-10, "{}", read.measure);
        }
    }

    #[test]
    fn three_numbers_of_f32_are_exact() {
        for number in [0.0, 1.0 / 3.0, 98_765.432_101_234_5, libm::log1p(-1e-9)] {
            let sum: f64 = thirds::<f32>(number).iter().map(|part| f64::from(*part)).sum();
            assert_eq!(sum, number);
        }
    }
}
