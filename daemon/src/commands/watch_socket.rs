//! `kestrel watch`: printing the alerts, or the records, of the kestrel that runs, from its socket.

use super::Failure;
use crate::cli::{Cli, WatchArgs};
use crate::config::Config;
use crate::live::{Heard, Listener};
use crate::shown::View;
use kestrel_outputs::socket::{Frame, FrameReader, Request};
use kestrel_outputs::{Format, Formatter, TimeStyle, escape};
use std::io::{self, BufWriter, ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

/// Longest wait before another try to connect.
const LONGEST_WAIT: Duration = Duration::from_secs(2);

/// Prints alerts or records until somebody ends it, or nobody reads them any more. A kestrel that is away is waited for.
pub fn run(args: &WatchArgs, cli: &Cli, config: &Config) -> Result<(), Failure> {
    let path = args.socket.as_deref().unwrap_or(&config.outputs.socket_output.path);
    let mut printer = Printer::new(args, config, path)?;
    let end = cli.seconds.map(|seconds| Instant::now() + Duration::from_secs(seconds));
    let left = || end.map(|end| end.saturating_duration_since(Instant::now()));
    let mut wait = Duration::from_millis(100);
    let mut told = false;
    while left() != Some(Duration::ZERO) && printer.left > 0 {
        match UnixStream::connect(path) {
            Ok(stream) => {
                log::info!("{}: connected", path.display());
                (wait, told) = (Duration::from_millis(100), false);
                printer.print(stream, &left)?;
                if printer.left == 0 {
                    break;
                }
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

/// Prints what comes.
struct Printer<'a> {
    path: &'a Path,
    formatter: Formatter,
    /// Makes lines of records, if they are wanted.
    listener: Option<Listener>,
    /// What to ask for; `None` for alerts alone, for which nobody has to ask.
    request: Option<Request>,
    /// Lines that are still to be printed.
    left: u64,
}

impl<'a> Printer<'a> {
    fn new(args: &WatchArgs, config: &Config, path: &'a Path) -> Result<Printer<'a>, Failure> {
        let outputs = &config.outputs;
        let json = args.json || outputs.json_output;
        let formatter = Formatter {
            format: if json { Format::Json } else { Format::Text },
            time: if outputs.time_format_iso_8601 { TimeStyle::Iso8601 } else { TimeStyle::Local },
            include_output: outputs.json_include_output_property,
            include_message: outputs.json_include_message_property,
            include_fields: outputs.json_include_output_fields_property,
            include_tags: outputs.json_include_tags_property,
            ..Formatter::default()
        };
        let listener = match args.records {
            true => {
                let view = View::new(&args.fields, args.filter.as_deref(), json)?;
                Some(Listener::new(view, config.falco_libs.thread_table_size))
            }
            false => None,
        };
        let request =
            listener.as_ref().map(|listener| Request { alerts: args.alerts, records: Some(listener.wanted()) });
        Ok(Printer { path, formatter, listener, request, left: args.count.unwrap_or(u64::MAX) })
    }

    /// Prints until the connection or the time ends, or enough was printed.
    fn print(&mut self, mut stream: UnixStream, left: &dyn Fn() -> Option<Duration>) -> Result<(), Failure> {
        if let Some(request) = &self.request {
            // The names of all events are shorter than a request may be.
            let bytes = request.encode().unwrap_or_default();
            if stream.write_all(&bytes).is_err() {
                return Ok(());
            }
        }
        self.listener.iter_mut().for_each(Listener::begin_anew);
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
            let mut out = BufWriter::new(io::stdout().lock());
            while self.left > 0 {
                match frames.next_frame() {
                    Ok(None) => break,
                    Ok(Some(frame)) => self.take(frame, &mut out)?,
                    Err(error) => return Err(self.failed(&error)),
                }
            }
            out.flush().map_err(Failure::Stdout)?;
            if self.left == 0 {
                return Ok(());
            }
        }
    }

    fn failed(&self, error: &dyn std::fmt::Display) -> Failure {
        // Perhaps it quotes what it was sent.
        Failure::Stream(format!("{}: {}", self.path.display(), escape::line(&error.to_string())))
    }

    fn take(&mut self, frame: Frame<'_>, out: &mut impl Write) -> Result<(), Failure> {
        let alerts = self.request.as_ref().is_none_or(|request| request.alerts);
        match frame {
            Frame::Alert(alert) if alerts => {
                self.left -= 1;
                writeln!(out, "{}", self.formatter.format(&alert)).map_err(Failure::Stdout)?;
            }
            Frame::Lost(n) if alerts => {
                log::warn!("{n} alerts are missing here: they came faster than they were read");
            }
            // Raised before it had heard what is asked for.
            Frame::Alert(_) | Frame::Lost(_) => {}
            other => {
                let Some(listener) = &mut self.listener else { return Ok(()) };
                match listener.hear(other) {
                    Ok(Heard::Nothing) => {}
                    Ok(Heard::Line(line)) => {
                        self.left -= 1;
                        writeln!(out, "{line}").map_err(Failure::Stdout)?;
                    }
                    Ok(Heard::Recorded(text)) => log::info!("{}: {}", self.path.display(), escape::line(&text)),
                    Ok(Heard::Lost(n)) => {
                        log::warn!("{n} records are missing here: they came faster than they were read");
                    }
                    Ok(Heard::Skipped) => log::warn!("a record makes no sense and was skipped"),
                    Err(error) => return Err(self.failed(&error)),
                }
            }
        }
        Ok(())
    }
}
