//! `kestrel watch`: printing the alerts of the kestrel that runs, from its socket.

use super::Failure;
use crate::cli::{Cli, WatchArgs};
use crate::config::Config;
use kestrel_outputs::socket::{Frame, FrameReader};
use kestrel_outputs::{Format, Formatter, TimeStyle};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

/// Longest wait before another try to connect.
const LONGEST_WAIT: Duration = Duration::from_secs(2);

/// Prints alerts until somebody ends it, or nobody reads them any more. A kestrel that is away is waited for.
pub fn run(args: &WatchArgs, cli: &Cli, config: &Config) -> Result<(), Failure> {
    let path = args.socket.as_deref().unwrap_or(&config.outputs.socket_output.path);
    let outputs = &config.outputs;
    let formatter = Formatter {
        format: if args.json || outputs.json_output { Format::Json } else { Format::Text },
        time: if outputs.time_format_iso_8601 { TimeStyle::Iso8601 } else { TimeStyle::Local },
        include_output: outputs.json_include_output_property,
        include_message: outputs.json_include_message_property,
        include_fields: outputs.json_include_output_fields_property,
        include_tags: outputs.json_include_tags_property,
        ..Formatter::default()
    };
    let end = cli.seconds.map(|seconds| Instant::now() + Duration::from_secs(seconds));
    let left = || end.map(|end| end.saturating_duration_since(Instant::now()));
    let mut wait = Duration::from_millis(100);
    let mut told = false;
    while left() != Some(Duration::ZERO) {
        match UnixStream::connect(path) {
            Ok(stream) => {
                log::info!("{}: connected", path.display());
                (wait, told) = (Duration::from_millis(100), false);
                print(stream, path, &formatter, &left)?;
            }
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::ConnectionRefused) => {
                if !std::mem::replace(&mut told, true) {
                    log::warn!(
                        "{}: no kestrel listens there (socket_output.enabled?): waiting for one",
                        path.display()
                    );
                }
            }
            Err(error) => return Err(Failure::Stream(format!("{}: {error}", path.display()))),
        }
        std::thread::sleep(left().map_or(wait, |left| left.min(wait)));
        wait = (wait * 2).min(LONGEST_WAIT);
    }
    Ok(())
}

/// Prints what comes until the connection or the time ends.
fn print(
    mut stream: UnixStream,
    path: &Path,
    formatter: &Formatter,
    left: &dyn Fn() -> Option<Duration>,
) -> Result<(), Failure> {
    let mut frames = FrameReader::default();
    let mut buf = vec![0; 64 << 10];
    loop {
        let left = left();
        if left == Some(Duration::ZERO) || stream.set_read_timeout(left).is_err() {
            return Ok(());
        }
        let n = match stream.read(&mut buf) {
            Ok(0) => return Ok(()),
            Ok(n) => n,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            // The time is over, or the other side is.
            Err(_) => return Ok(()),
        };
        frames.push(&buf[..n]);
        let mut out = io::stdout().lock();
        loop {
            match frames.next_frame() {
                Ok(None) => break,
                Ok(Some(Frame::Alert(alert))) => {
                    writeln!(out, "{}", formatter.format(&alert)).map_err(Failure::Stdout)?;
                }
                Ok(Some(Frame::Lost(n))) => {
                    log::warn!("{n} alerts are missing here: they came faster than they were read")
                }
                Err(error) => return Err(Failure::Stream(format!("{}: {error}", path.display()))),
            }
        }
        out.flush().map_err(Failure::Stdout)?;
    }
}
