//! The command line. Flags are Falco's where the thing is the same.

mod recordings;

pub use recordings::{RecordArgs, ReplayArgs, ShowArgs};

use clap::{ArgAction, ArgGroup, Parser, Subcommand};
use std::ffi::OsString;
use std::path::PathBuf;

/// Watches this machine and raises an alert when something happens that the rules describe.
#[derive(Clone, Debug, Parser)]
#[command(
    name = "kestrel",
    disable_help_subcommand = true,
    disable_version_flag = true,
    args_conflicts_with_subcommands = false,
    group = ArgGroup::new("listing").args(["list", "list_events"])
)]
pub struct Cli {
    /// What to do instead of watching.
    #[command(subcommand)]
    pub command: Option<Command>,

    /// Configuration file [default: /etc/kestrel/kestrel.yaml, if it is there]
    #[arg(short = 'c', value_name = "FILE", global = true)]
    pub config: Option<PathBuf>,

    /// Rule file or folder, instead of those of the configuration; can be given again
    #[arg(short = 'r', value_name = "FILE|DIR")]
    pub rules: Vec<PathBuf>,

    /// Set a key of the configuration, such as -o json_output=true; can be given again
    #[arg(short = 'o', long = "option", value_name = "KEY=VALUE", global = true)]
    pub options: Vec<String>,

    /// Check rule files, say everything that is wrong with them, and exit
    #[arg(short = 'V', long = "validate", value_name = "FILE|DIR", num_args = 1..)]
    pub validate: Vec<PathBuf>,

    /// Describe every rule, macro and list (as JSON with -o json_output=true), and exit; with -V, those of its files
    #[arg(short = 'L', conflicts_with = "describe_rule")]
    pub describe: bool,

    /// Describe this rule (as JSON with -o json_output=true), and exit
    #[arg(short = 'l', value_name = "RULE")]
    pub describe_rule: Option<String>,

    /// List the fields that rules can use, all or those of a source (syscall, k8s_audit), and exit
    #[arg(long, value_name = "SOURCE", num_args = 0..=1, require_equals = true, default_missing_value = "")]
    pub list: Option<String>,

    /// With --list: only the names
    #[arg(short = 'N', requires = "list", conflicts_with = "list_events")]
    pub names: bool,

    /// List the events that rules can name in evt.type, with their parameters, and exit
    #[arg(long)]
    pub list_events: bool,

    /// With --list and --list-events: how to list: text, markdown or json
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t, requires = "listing", hide_possible_values = true)]
    pub format: ListFormat,

    /// The same as --format markdown
    #[arg(long, hide = true, requires = "listing", conflicts_with = "format")]
    pub markdown: bool,

    /// Stop after this many seconds
    #[arg(short = 'M', value_name = "SECONDS", global = true)]
    pub seconds: Option<u64>,

    /// Write the process id to this file
    #[arg(short = 'P', long = "pidfile", value_name = "FILE")]
    pub pidfile: Option<PathBuf>,

    /// Print the version, and what the kernel module must fit (as JSON with -o json_output=true)
    #[arg(long, action = ArgAction::SetTrue)]
    pub version: bool,

    /// The same as JSON
    #[arg(long, action = ArgAction::SetTrue)]
    pub version_json: bool,

    /// Print the JSON schema of the configuration, and exit
    #[arg(long)]
    pub config_schema: bool,

    /// Print the JSON schema of rule files, and exit
    #[arg(long)]
    pub rule_schema: bool,

    /// Set everything up but the recording, say whether it would run, and exit
    #[arg(long)]
    pub dry_run: bool,

    /// Print what a report of a mistake needs (version, machine, command line, configuration, rules) as JSON, and exit
    #[arg(long)]
    pub support: bool,

    /// Say more about what goes on
    #[arg(short = 'v', global = true)]
    pub verbose: bool,
}

impl Cli {
    /// How to list.
    pub fn list_format(&self) -> ListFormat {
        if self.markdown { ListFormat::Markdown } else { self.format }
    }
}

/// How to list fields and events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum ListFormat {
    /// Lines, for people.
    #[default]
    Text,
    /// A page.
    Markdown,
    /// For programs.
    Json,
}

/// What to do instead of watching.
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// Print records as JSON lines, without judging them
    Dump(DumpArgs),
    /// Play rule tests: say what happens, and which rules must fire; see docs/RULE-TESTS.md
    Test(TestArgs),
    /// Print alerts of the kestrel that runs as they are raised, or records as they come
    Watch(WatchArgs),
    /// Print the figures of the kestrel that runs
    Stats(StatsArgs),
    /// Show what the kestrel that runs is doing, in the terminal: events by kind and by process, rules, drops, outputs
    Top(TopArgs),
    /// Say how a rule is evaluated, or why it matches an event of a rule test or does not
    Explain(ExplainArgs),
    /// Start a command, and watch it and whatever it starts; needs no kernel module and no privilege; see docs/RUN.md
    Run(RunArgs),
    /// Record events into a file, to replay them later; see docs/RECORDINGS.md
    Record(RecordArgs),
    /// Judge the events of a recording
    Replay(ReplayArgs),
    /// Print the events of a recording
    Show(ShowArgs),
}

/// What to run, or whom to follow.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(group(clap::ArgGroup::new("whom").required(true).args(["command", "pid"])))]
pub struct RunArgs {
    /// Rule file or folder, instead of those of the configuration or those that are built in; can be given again
    #[arg(short = 'r', value_name = "FILE|DIR")]
    pub rules: Vec<PathBuf>,

    /// Follow this process and whatever it starts, instead of starting a command
    #[arg(long, value_name = "PID")]
    pub pid: Option<i32>,

    /// Stop at every system call instead of filtering in the kernel: slower, but sees calls that another filter refuses
    #[arg(long)]
    pub all_calls: bool,

    /// Print records as JSON lines, as `kestrel dump` does, instead of judging them
    #[arg(long)]
    pub dump: bool,

    /// With --dump: replace what differs from run to run by placeholders
    #[arg(long, requires = "dump")]
    pub normalize: bool,

    /// The command and its arguments
    #[arg(value_name = "COMMAND", trailing_var_arg = true, allow_hyphen_values = true)]
    pub command: Vec<OsString>,
}

/// What to test.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct TestArgs {
    /// Files of tests, or folders of such files
    #[arg(value_name = "FILE|DIR", required = true)]
    pub files: Vec<PathBuf>,

    /// List the conditions of the rules that no event made true, or none made false
    #[arg(long)]
    pub coverage: bool,

    /// List how often each rule was asked, and how long that took
    #[arg(long)]
    pub cost: bool,
}

/// What to explain.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct ExplainArgs {
    /// Name of the rule
    #[arg(value_name = "RULE", required_unless_present = "prefilter")]
    pub rule: Option<String>,

    /// What the kernel leaves out with these rules, of these kinds of events or of all: see docs/PREFILTER.md
    #[arg(long, value_name = "EVENT", num_args = 0.., conflicts_with_all = ["rule", "event"])]
    pub prefilter: Option<Vec<String>>,

    /// A file of rule tests, which names the rules: what each test of the rule says of an event in it
    #[arg(long, value_name = "FILE")]
    pub event: Option<PathBuf>,

    /// With --event: the rule test whose judged event it is, by its name [default: the first]
    #[arg(long = "test", value_name = "NAME", requires = "event")]
    pub test_name: Option<String>,
}

/// Whom to ask.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct AskArgs {
    /// Its web server [default: that of the configuration]
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub address: Option<std::net::SocketAddr>,

    /// PEM file of certificate and key, for a web server that wants to know its clients (webserver.ssl_client_ca)
    #[arg(long, value_name = "FILE")]
    pub certificate: Option<PathBuf>,
}

/// Whose figures to print, and how.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct StatsArgs {
    /// Whom to ask.
    #[command(flatten)]
    pub ask: AskArgs,

    /// What `kestrel top` shows, as JSON
    #[arg(long, conflicts_with = "raw")]
    pub json: bool,

    /// All figures, in Prometheus' form
    #[arg(long)]
    pub raw: bool,
}

/// Whom to look at, and how.
#[derive(Clone, Debug, clap::Args)]
pub struct TopArgs {
    /// Whom to ask.
    #[command(flatten)]
    pub ask: AskArgs,

    /// Seconds between two looks
    #[arg(long, value_name = "SECONDS", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=3600))]
    pub interval: u32,
}

/// Whose alerts and records to print, and how.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct WatchArgs {
    /// Its socket [default: socket_output.path of the configuration]
    #[arg(long, value_name = "PATH")]
    pub socket: Option<PathBuf>,

    /// As JSON lines
    #[arg(long)]
    pub json: bool,

    /// Records instead of alerts: those that its rules ask for, and with prefilter.enabled none that no rule can match
    #[arg(long)]
    pub records: bool,

    /// Alerts as well as records
    #[arg(long, requires = "records")]
    pub alerts: bool,

    /// Of records, fields to show, as rules name them [default: a line about each]
    #[arg(long, value_name = "FIELD,…", value_delimiter = ',', requires = "records")]
    pub fields: Vec<String>,

    /// Only records that fit this condition
    #[arg(long, value_name = "CONDITION", requires = "records")]
    pub filter: Option<String>,

    /// Stop after this many lines
    #[arg(long, value_name = "N")]
    pub count: Option<u64>,
}

/// What to dump.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct DumpArgs {
    /// Events to print, by name [default: all]
    #[arg(value_name = "EVENT")]
    pub events: Vec<String>,

    /// Events to print, as one list
    #[arg(long = "events", value_name = "EVENT,…", value_delimiter = ',')]
    pub event_list: Vec<String>,

    /// Replace what differs from run to run (ids, times, inodes) by placeholders
    #[arg(long, alias = "normalise")]
    pub normalize: bool,

    /// Print only records of processes with this name
    #[arg(long, value_name = "NAME")]
    pub comm: Option<String>,

    /// Stop after this many records
    #[arg(long, value_name = "N")]
    pub count: Option<u64>,

    /// The same as -M
    #[arg(long = "seconds", value_name = "SECONDS")]
    pub for_seconds: Option<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_makes_sense_to_clap() {
        Cli::command().debug_assert();
    }

    #[test]
    fn flags_that_hold_everywhere_may_stand_behind_the_command() {
        let cli = Cli::parse_from(["kestrel", "dump", "open", "-c", "x.yaml", "-o", "a=b", "-M", "3", "--normalise"]);
        assert_eq!((cli.options.len(), cli.seconds), (1, Some(3)));
        let Some(Command::Dump(dump)) = cli.command else { panic!() };
        assert!(dump.normalize);
        assert_eq!(dump.events, ["open"]);
    }

    #[test]
    fn fields_are_listed_in_the_ways_that_falco_knows() {
        let parse = |arguments: &[&str]| {
            let cli = Cli::try_parse_from([&["kestrel"], arguments].concat())?;
            Ok::<_, clap::Error>((cli.list.clone(), cli.names, cli.list_events, cli.list_format()))
        };
        let text = ListFormat::Text;
        assert_eq!(parse(&["--list"]).unwrap(), (Some(String::new()), false, false, text));
        assert_eq!(parse(&["--list=syscall", "-N"]).unwrap(), (Some("syscall".to_owned()), true, false, text));
        assert_eq!(parse(&["--list", "--markdown"]).unwrap().3, ListFormat::Markdown);
        assert_eq!(parse(&["--list-events", "--format=json"]).unwrap(), (None, false, true, ListFormat::Json));
        for alone in [&["-N"][..], &["--format", "json"], &["--markdown"], &["-N", "--list-events"]] {
            assert!(parse(alone).is_err(), "{alone:?}");
        }
        assert!(parse(&[]).is_ok());
        assert!(parse(&["--list", "--list-events"]).is_err());
        assert!(parse(&["--list", "--format", "xml"]).is_err());
        assert!(parse(&["--list", "--format", "json", "--markdown"]).is_err());
    }

    #[test]
    fn several_files_can_be_validated_at_once() {
        let cli = Cli::parse_from(["kestrel", "-V", "a", "b", "-V", "c"]);
        assert_eq!(cli.validate.len(), 3);
    }
}
