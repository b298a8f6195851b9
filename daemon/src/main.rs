//! The command `kestrel`.

use clap::Parser;
use kestrel::cli::Cli;
use kestrel::commands;
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = Cli::parse();
    match commands::run(&cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("kestrel: {failure}");
            ExitCode::from(failure.code())
        }
    }
}
