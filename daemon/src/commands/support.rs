//! `--support`: what a report of a mistake needs, in Falco's form.

use super::{Failure, print, rules};
use crate::config::Config;
use crate::versions;
use serde_json::{Value, json};
use std::path::PathBuf;

/// Prints it, and what is wrong with the rules, if anything is. The configuration is in it as it is in force, whole: whoever passes it on should look for what is secret in it, such
/// as addresses with a password in `http_output.url`.
///
/// # Errors
/// [`Failure`] if a rule file cannot be read.
pub fn run(paths: &[PathBuf], config: &Config) -> Result<(), Failure> {
    let sources = rules::sources(paths, config)?;
    let files: Vec<Value> = sources
        .into_iter()
        .map(|source| json!({"name": source.name, "variants": [{"content": source.text}]}))
        .collect();
    let problems = rules::load(paths, config).err().map(|failure| failure.to_string());
    // Names, numbers and texts always serialize.
    let config = serde_json::to_string(config).unwrap_or_default();
    let command: Vec<String> = std::env::args_os().map(|arg| arg.to_string_lossy().into_owned()).collect();
    print(format_args!(
        "{}",
        json!({
            "version": versions::KESTREL,
            "system_info": system(),
            "engine_info": versions::json(),
            "cmdline": command.join(" "),
            "config": config,
            "rules_files": files,
            "rules_problems": problems,
        })
    ))
}

/// What uname(2) says.
fn system() -> Value {
    let Ok(name) = nix::sys::utsname::uname() else { return json!({}) };
    let text = |part: &std::ffi::OsStr| part.to_string_lossy().into_owned();
    json!({
        "sysname": text(name.sysname()),
        "nodename": text(name.nodename()),
        "release": text(name.release()),
        "version": text(name.version()),
        "machine": text(name.machine()),
    })
}
