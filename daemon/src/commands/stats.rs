//! `kestrel stats`: what the kestrel that runs has done so far, from its web server.

use super::{Failure, print};
use crate::cli::{AskArgs, StatsArgs};
use crate::config::Config;
use crate::sources::Shares;
use crate::stats::{Client, lines, shares_of};

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

/// What became of each event in the kestrel that runs by this configuration; `None` if it has no server that would tell, or none
/// runs, which the log says.
pub(super) fn shares(config: &Config) -> Option<Shares> {
    let web = &config.webserver;
    if !web.enabled || !web.prometheus_metrics_enabled || !config.metrics.enabled {
        return None;
    }
    match Client::new(web, None, None).and_then(|client| client.metrics()) {
        Ok(text) => Some(shares_of(&text)),
        Err(error) => {
            log::warn!("what the kestrel that runs has rejected cannot be had: {error}");
            None
        }
    }
}
