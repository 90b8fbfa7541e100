//! The flag that leaves values of the data out of texts.

use clap::Args;
use deepcross_profile::Examples;

#[derive(Debug, Args)]
pub(crate) struct ShownExamples {
    /// Show no value of the columns: no frequent value, no range, no example
    #[arg(long)]
    no_examples: bool,
}

impl ShownExamples {
    pub(crate) fn get(&self) -> Examples {
        if self.no_examples { Examples::Hidden } else { Examples::Shown }
    }
}
