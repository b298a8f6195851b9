//! Reading configuration and rules again while watching: the same steps as at the start, and nothing of it counts unless all of
//! it is right.

use super::{log_as_configured, rules};
use crate::cli::Cli;
use crate::config::{self, Config, Loaded, Origins, ReadFile};
use crate::prefilter;
use crate::watch::{FilesInForce, Fresh, Reading, Reload};
use kestrel_rules::prefilter::ProcessNames;
use std::path::PathBuf;

/// The files and folders that count.
pub fn paths(cli: &Cli, config: &Config, files: &[ReadFile]) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = files.iter().map(|file| file.path.clone()).collect();
    paths.extend(config.config_files.iter().map(|fragment| fragment.path.clone()));
    paths.extend(if cli.rules.is_empty() { &config.rules_files } else { &cli.rules }.iter().cloned());
    paths
}

/// Reads everything again, each time it is called. `known` are the files and folders that were read at the start,
/// `names` is what the source knows of those.
pub fn reload(cli: &Cli, mut known: Vec<PathBuf>, names: ProcessNames) -> Reload {
    let cli = cli.clone();
    Box::new(move || {
        let loaded = config::load(&Origins::of_process(cli.config.as_deref(), &cli.options));
        let Loaded { config, warnings, files } = match loaded {
            Ok(loaded) => loaded,
            Err(error) => return Some(Reading { paths: known.clone(), outcome: Err(told(&error)) }),
        };
        let paths = paths(&cli, &config, &files);
        known.clone_from(&paths);
        let read = rules::load_with_files(&cli.rules, &config).and_then(|(rules, rules_files)| {
            let appended = rules::appended(&config, &rules)?;
            Ok((rules, rules_files, appended))
        });
        let outcome = match read {
            Ok((rules, rules_files, appended)) => {
                log_as_configured(&cli, &config);
                for warning in warnings {
                    log::warn!("{warning}");
                }
                let files = FilesInForce { config: files.into(), rules: rules_files.into() };
                let wanted = prefilter::wanted(&rules, prefilter::Mode::of(&config, names));
                Ok(Fresh { rules, wanted, config: Box::new(config), appended, files })
            }
            Err(failure) => Err(told(&failure)),
        };
        Some(Reading { paths, outcome })
    })
}

/// Says what is wrong, line by line, and gives it as one text.
fn told(problem: &dyn std::fmt::Display) -> String {
    let text = problem.to_string();
    text.lines().for_each(|line| log::error!("{line}"));
    text
}
