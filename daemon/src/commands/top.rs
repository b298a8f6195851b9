//! `kestrel top`: what the kestrel that runs is doing, in the terminal.

use super::failure::system;
use super::{Failure, stats};
use crate::cli::{Cli, TopArgs};
use crate::config::Config;
use crate::signals::Signals;
use crate::top;
use std::io::{self, IsTerminal};
use std::time::{Duration, Instant};

/// Shows it until somebody has seen enough.
///
/// # Errors
/// [`Failure`] if there is no terminal, or nobody can be asked.
pub fn run(args: &TopArgs, cli: &Cli, config: &Config) -> Result<(), Failure> {
    if !io::stdout().is_terminal() || !io::stdin().is_terminal() {
        return Err(Failure::Usage("kestrel top needs a terminal; kestrel stats prints the same once".to_owned()));
    }
    let client = stats::client(&args.ask, config)?;
    // Asked once before the screen is taken: who cannot be asked at all is told so in the terminal.
    let first = client.stats()?;
    let signals = Signals::new().map_err(system("cannot receive signals"))?;
    let options = top::Options {
        interval: Duration::from_secs(args.interval.into()),
        end: cli.seconds.map(|seconds| Instant::now() + Duration::from_secs(seconds)),
        colour: std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()),
    };
    top::run(client, first, signals, &options).map_err(system("the terminal"))
}
