//! `kestrel stats`: what the kestrel that runs has done so far, from its web server.

use super::{Failure, print};
use crate::cli::{AskArgs, StatsArgs};
use crate::config::Config;
use crate::stats::{Client, lines};

/// Prints it as lines, as JSON, or as Prometheus gets it.
///
/// # Errors
/// [`Failure`] if there is no server, or it has nothing to say.
pub fn run(args: &StatsArgs, config: &Config) -> Result<(), Failure> {
    let client = client(&args.ask, config)?;
    if args.raw {
        return print(format_args!("{}", client.metrics()?.trim_end()));
    }
    let stats = client.stats()?;
    if args.json {
        let text = serde_json::to_string_pretty(&stats).map_err(|error| Failure::Stream(error.to_string()))?;
        return print(format_args!("{text}"));
    }
    lines(&stats).iter().try_for_each(|line| print(format_args!("{line}")))
}

/// Who is asked.
pub(super) fn client(args: &AskArgs, config: &Config) -> Result<Client, Failure> {
    Ok(Client::new(&config.webserver, args.address, args.certificate.as_deref())?)
}
