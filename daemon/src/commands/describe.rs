//! `-L`, `-l`: says what rules, macros and lists there are, and what a rule is made of.

use super::{Failure, print, rules};
use crate::cli::Cli;
use crate::config::Config;
use kestrel_rules::RuleSource;
use kestrel_rules::describe::describe;
use serde_json::Value;
use std::path::PathBuf;

/// What is to be described.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Everything.
    All,
    /// The rule of this name.
    Rule(String),
}

impl Wanted {
    /// What the command line asks for.
    pub fn of(cli: &Cli) -> Option<Wanted> {
        match &cli.describe_rule {
            Some(name) => Some(Wanted::Rule(name.clone())),
            None => cli.describe.then_some(Wanted::All),
        }
    }

    /// The description of rule files.
    ///
    /// # Errors
    /// [`Failure`] if something in them is wrong, or the rule is not there.
    pub fn describe(&self, sources: &[RuleSource], config: &Config) -> Result<Value, Failure> {
        let name = match self {
            Wanted::All => None,
            Wanted::Rule(name) => Some(name.as_str()),
        };
        let described = describe(sources, &rules::static_fields(config), name);
        let described = described.map_err(|errors| Failure::Rules { errors })?;
        described.ok_or_else(|| {
            Failure::Usage(format!(
                "there is no rule {}; -L lists them all",
                kestrel_outputs::escape::line(name.unwrap_or(""))
            ))
        })
    }
}

/// Describes the rules that are named on the command line, or else those of the configuration.
pub fn run(paths: &[PathBuf], wanted: &Wanted, config: &Config) -> Result<(), Failure> {
    let described = wanted.describe(&rules::sources(paths, config)?, config)?;
    if config.outputs.json_output {
        return print(format_args!("{described}"));
    }
    for rule in described["rules"].as_array().into_iter().flatten() {
        let text = |part: &str, key: &str| rule[part][key].as_str().unwrap_or_default().trim().to_owned();
        print(format_args!("{}", text("info", "name")))?;
        print(format_args!("  {}", text("info", "description")))?;
        if matches!(wanted, Wanted::Rule(_)) {
            let words = |key: &str| {
                let words = rule["details"][key].as_array().cloned().unwrap_or_default();
                words.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", ")
            };
            print(format_args!("  priority   {}", text("info", "priority")))?;
            print(format_args!("  events     {}", words("events")))?;
            print(format_args!("  macros     {}", words("macros")))?;
            print(format_args!("  lists      {}", words("lists")))?;
            print(format_args!("  condition  {}", text("details", "condition_compiled")))?;
            print(format_args!("  output     {}", text("details", "output_compiled")))?;
        }
    }
    Ok(())
}
