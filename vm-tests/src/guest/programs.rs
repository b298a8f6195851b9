//! Starting programs: the acts of scenarios.

use super::failure::{Doing, Outcome, ensure};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// Runs a program to its end. How it ends does not matter: some acts must fail.
///
/// # Errors
/// If it cannot be started.
pub fn run(words: &[&str]) -> Outcome<Output> {
    let (mut command, name) = command(words)?;
    command.output().doing(name)
}

/// Runs a program to its end, which must be a success.
///
/// # Errors
/// What it said.
pub fn succeed(words: &[&str]) -> Outcome<String> {
    let output = run(words)?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(format!("{}: {}: {}", words.join(" "), output.status, String::from_utf8_lossy(&output.stderr).trim()).into())
}

/// Starts a program and leaves it running.
///
/// # Errors
/// If it cannot be started.
pub fn start(words: &[&str]) -> Outcome<Child> {
    let (mut command, name) = command(words)?;
    command.stdout(Stdio::null()).spawn().doing(name)
}

fn command(words: &[&str]) -> Outcome<(Command, String)> {
    let Some((program, args)) = words.split_first() else { return Err("no program to start".into()) };
    let mut command = Command::new(program);
    command.args(args).stdin(Stdio::null());
    Ok((command, (*program).to_owned()))
}

/// Waits until a file is there, by which a program says that it stands.
///
/// # Errors
/// If it does not appear within a minute.
pub fn until_there(path: &str) -> Outcome {
    let end = Instant::now() + Duration::from_secs(60);
    while !Path::new(path).exists() {
        ensure(Instant::now() < end, || format!("{path} does not appear"))?;
        std::thread::sleep(Duration::from_millis(10));
    }
    Ok(())
}
