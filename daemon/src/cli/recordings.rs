//! The commands around recordings.

use std::path::PathBuf;
use std::time::Duration;

/// What to record, and where to.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct RecordArgs {
    /// Only records that fit this condition, and those that the process table is made from [default: everything]
    #[arg(value_name = "CONDITION")]
    pub condition: Option<String>,

    /// File to write, which must not be there yet; -o FILE is the same for a name without = in it
    #[arg(short = 'w', long = "write", value_name = "FILE")]
    pub file: Option<PathBuf>,

    /// Begin a new file (FILE.1, FILE.2, …) when one has this many bytes; K, M and G stand for powers of 1024
    #[arg(long, value_name = "BYTES", value_parser = bytes)]
    pub size: Option<u64>,

    /// Begin a new file after this long: seconds, or with s, m, h or d behind
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub duration: Option<Duration>,

    /// With --size or --duration: keep this many files, and remove the oldest
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub rotate: Option<u32>,
}

/// What to replay, and how.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct ReplayArgs {
    /// The recording, or a .scap capture
    #[arg(value_name = "FILE", required = true)]
    pub file: PathBuf,

    /// Rule file or folder, instead of those of the configuration; can be given again
    #[arg(short = 'r', value_name = "FILE|DIR")]
    pub rules: Vec<PathBuf>,

    /// At the pace at which it happened, instead of as fast as it goes
    #[arg(long)]
    pub real_time: bool,

    /// Send alerts where the configuration says, instead of to standard output
    #[arg(long)]
    pub configured_outputs: bool,

    /// Leave out what the prefilter of these rules would have left out in the kernel, and say how much that was; the alerts are
    /// the same
    #[arg(long)]
    pub prefilter: bool,
}

/// What to show of a recording, and how.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct ShowArgs {
    /// The recording, or a .scap capture
    #[arg(value_name = "FILE", required = true)]
    pub file: PathBuf,

    /// Fields to show, as rules name them [default: a line about each event]
    #[arg(long, value_name = "FIELD,…", value_delimiter = ',')]
    pub fields: Vec<String>,

    /// Only events that fit this condition
    #[arg(long, value_name = "CONDITION")]
    pub filter: Option<String>,

    /// As JSON lines: the fields, or without --fields everything that a record holds
    #[arg(long)]
    pub json: bool,

    /// Stop after this many events
    #[arg(long, value_name = "N")]
    pub count: Option<u64>,

    /// Only events from this time on, such as 12:30:05.5 (of the day on which the recording begins) or 2026-01-31T12:30:00Z
    #[arg(long, value_name = "TIME")]
    pub from: Option<String>,

    /// Only events up to this time
    #[arg(long, value_name = "TIME")]
    pub to: Option<String>,

    /// Say what the file is instead: its machine, its times, how many records it holds
    #[arg(long, conflicts_with_all = ["fields", "filter", "count", "from", "to"])]
    pub about: bool,
}

/// A number of bytes, with a unit behind it or none.
fn bytes(text: &str) -> Result<u64, String> {
    let (number, unit) = split(text);
    let unit: u64 = match unit.trim_end_matches(['i', 'B', 'b']) {
        "" => 1,
        "k" | "K" => 1 << 10,
        "m" | "M" => 1 << 20,
        "g" | "G" => 1 << 30,
        _ => return Err("expected bytes, such as 100M: the units are K, M and G".to_owned()),
    };
    let bytes = number.parse::<u64>().ok().and_then(|number| number.checked_mul(unit)).filter(|bytes| *bytes > 0);
    bytes.ok_or_else(|| "expected a number of bytes, such as 100M".to_owned())
}

/// A span of time, with a unit behind it or none.
fn duration(text: &str) -> Result<Duration, String> {
    let (number, unit) = split(text);
    let unit: u64 = match unit {
        "" | "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        _ => return Err("expected a time, such as 10m: the units are s, m, h and d".to_owned()),
    };
    // What is longer than that, no clock can wait for.
    let longest = u64::from(u32::MAX);
    let seconds = number.parse::<u64>().ok().and_then(|number| number.checked_mul(unit));
    let seconds = seconds.filter(|seconds| (1..=longest).contains(seconds));
    seconds.map(Duration::from_secs).ok_or_else(|| "expected a time, such as 10m".to_owned())
}

/// Digits, and what stands behind them.
fn split(text: &str) -> (&str, &str) {
    text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_times_have_units() {
        assert_eq!(bytes("100M"), Ok(100 << 20));
        assert_eq!(bytes("512"), Ok(512));
        assert_eq!(bytes("2GiB"), Ok(2 << 30));
        assert_eq!(duration("90"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("2h"), Ok(Duration::from_secs(7200)));
        for wrong in ["", "0", "M", "-1", "1.5M", "99999999999999G", "5x"] {
            assert!(bytes(wrong).is_err(), "{wrong}");
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }
}
