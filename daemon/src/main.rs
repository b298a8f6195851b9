//! The command `kestrel`.
#![forbid(unsafe_code)]

use clap::Parser;
use kestrel::cli::Cli;
use kestrel::commands;
use std::io::Write;
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = Cli::parse();
    match commands::run(&cli) {
        Ok(code) => ExitCode::from(code),
        Err(failure) if failure.is_silent() => ExitCode::SUCCESS,
        Err(failure) => {
            // There is nobody to tell if standard error is closed.
            let _ = writeln!(std::io::stderr(), "kestrel: {failure}");
            ExitCode::from(failure.code())
        }
    }
}
