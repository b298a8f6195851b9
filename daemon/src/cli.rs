//! The command line. Flags are Falco's where the thing is the same.

use clap::{Parser, Subcommand};
use std::path::PathBuf;

/// Watches this machine and raises an alert when something happens that the rules describe.
#[derive(Debug, Parser)]
#[command(name = "kestrel", version, disable_help_subcommand = true, disable_version_flag = true)]
pub struct Cli {
    /// What to do instead of watching.
    #[command(subcommand)]
    pub command: Option<Command>,

    /// Configuration file [default: /etc/kestrel/kestrel.yaml, if it is there]
    #[arg(short = 'c', value_name = "FILE", global = true)]
    pub config: Option<PathBuf>,

    /// Rule file or folder, instead of those of the configuration; can be given again
    #[arg(short = 'r', value_name = "FILE")]
    pub rules: Vec<PathBuf>,

    /// Set a key of the configuration, such as -o json_output=true; can be given again
    #[arg(short = 'o', long = "option", value_name = "KEY=VALUE")]
    pub options: Vec<String>,

    /// Check rule files, say everything that is wrong with them, and exit; can be given again
    #[arg(short = 'V', long = "validate", value_name = "FILE")]
    pub validate: Vec<PathBuf>,

    /// List the fields that rules can use, and exit
    #[arg(long)]
    pub list: bool,

    /// List the events that rules can name in evt.type, with their parameters, and exit
    #[arg(long)]
    pub list_events: bool,

    /// Stop after this many seconds
    #[arg(short = 'M', value_name = "SECONDS")]
    pub seconds: Option<u64>,

    /// Write the process id to this file
    #[arg(short = 'P', long = "pidfile", value_name = "FILE")]
    pub pidfile: Option<PathBuf>,

    /// Print the version
    #[arg(long, action = clap::ArgAction::Version)]
    pub version: Option<bool>,

    /// Say more about what goes on
    #[arg(short = 'v')]
    pub verbose: bool,
}

/// What to do instead of watching.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Print records as JSON lines, without judging them
    Dump {
        /// Events to print, by name [default: all]
        #[arg(value_name = "EVENT")]
        events: Vec<String>,
        /// Replace what differs from run to run (ids, times, inodes) by placeholders
        #[arg(long)]
        normalize: bool,
        /// Print only records of processes with this name
        #[arg(long, value_name = "NAME")]
        comm: Option<String>,
        /// Stop after this many seconds
        #[arg(long, value_name = "SECONDS")]
        seconds: Option<u64>,
    },
}
