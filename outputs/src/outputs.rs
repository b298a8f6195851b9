//! All sinks together.

use crate::file::FileSink;
use crate::http;
use crate::program::ProgramSink;
use crate::queue::Queue;
use crate::socket::{RecordReader, RecordStats, SocketSink};
use crate::stdout::StdoutSink;
use crate::syslog;
use crate::{Alert, Formatter, Io, Line, OutputsConfig, QueueConfig, Sink, SinkStats};
use mio::{Registry, Token};
use std::io;
use std::os::fd::AsFd;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Why the sinks cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    /// The alert file cannot be opened.
    #[error("file_output: cannot open {}: {error}", path.display())]
    File {
        /// Its path.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The socket cannot be made.
    #[error("socket_output: {}: {error}", path.display())]
    Socket {
        /// Its path.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The folder for what has no room in memory cannot be used.
    #[error("outputs_queue: spool_dir: {}: {error} ({sink})", path.display())]
    Spool {
        /// Its path.
        path: PathBuf,
        /// Whose alerts it was for.
        sink: &'static str,
        /// Why.
        error: io::Error,
    },
    /// The configuration lacks something.
    #[error("{0}")]
    Config(String),
    /// Standard output is closed.
    #[error("stdout_output: standard output cannot be used: {0}")]
    Stdout(io::Error),
}

/// Formats alerts once and hands them to every sink.
#[derive(Debug)]
pub struct Outputs {
    formatter: Formatter,
    sinks: Vec<Box<dyn Sink>>,
    base: usize,
    /// Somebody reads records.
    wants_records: bool,
    /// When the sinks were set up, until they were called for the first time: some have work from before.
    new_since: Option<Instant>,
}

impl Outputs {
    /// Greatest number of tokens that are used, from the base on.
    pub const TOKENS: usize = 16;

    /// Sets up the sinks that the configuration enables. They use the tokens from `base` on. [`Outputs::deadline`] is to be
    /// asked before the first wait: a sink that listens, or has alerts of before, begins when it is told that it is over.
    ///
    /// # Errors
    /// [`OutputError`] if one of them cannot be.
    pub fn new(config: &OutputsConfig, base: Token) -> Result<Outputs, OutputError> {
        let formatter = Formatter::of(config);
        let QueueConfig { spool_dir, spool_max_bytes, .. } = &config.outputs_queue;
        let queue = |sink| {
            let queue = Queue::new(config.outputs_queue.alerts(), QueueConfig::MAX_BYTES);
            if spool_dir.as_os_str().is_empty() {
                return Ok(queue);
            }
            queue.with_spool(spool_dir, sink, *spool_max_bytes).map_err(|error| OutputError::Spool {
                path: spool_dir.clone(),
                sink,
                error,
            })
        };
        let mut sinks: Vec<Box<dyn Sink>> = Vec::new();
        if config.stdout_output.enabled {
            let fd = io::stdout().as_fd().try_clone_to_owned().map_err(OutputError::Stdout)?;
            sinks.push(Box::new(StdoutSink::new(fd, queue("stdout_output")?)));
        }
        let file = &config.file_output;
        if file.enabled {
            if file.filename.as_os_str().is_empty() {
                return Err(OutputError::Config("file_output: filename is missing".to_owned()));
            }
            let sink = FileSink::open(file.filename.clone(), file.keep_alive, queue("file_output")?)
                .map_err(|error| OutputError::File { path: file.filename.clone(), error })?;
            sinks.push(Box::new(sink.together(config.buffered_outputs)));
        }
        if config.syslog_output.enabled {
            sinks.push(syslog::sink(&config.syslog_output, formatter.zone.clone(), queue("syslog_output")?)?);
        }
        let program = &config.program_output;
        if program.enabled {
            if program.program.trim().is_empty() {
                return Err(OutputError::Config("program_output: program is missing".to_owned()));
            }
            let timeout = Duration::from_millis(program.timeout_ms);
            sinks.push(Box::new(ProgramSink::new(
                program.program.clone(),
                program.keep_alive,
                timeout,
                queue("program_output")?,
            )));
        }
        if config.http_output.enabled {
            sinks.push(Box::new(http::sink(&config.http_output, queue("http_output")?)?));
        }
        let socket = &config.socket_output;
        if socket.enabled {
            let mode = socket.permissions().map_err(OutputError::Config)?;
            let sink = SocketSink::bind(socket.path.clone(), mode, socket.max_readers as usize, socket.records)
                .map_err(|error| OutputError::Socket { path: socket.path.clone(), error })?;
            sinks.push(Box::new(sink));
        }
        Ok(Outputs { formatter, sinks, base: base.0, wants_records: false, new_since: Some(Instant::now()) })
    }

    /// The same with sinks of the caller's own.
    pub fn with_sinks(formatter: Formatter, sinks: Vec<Box<dyn Sink>>, base: Token) -> Outputs {
        Outputs { formatter, sinks, base: base.0, wants_records: false, new_since: Some(Instant::now()) }
    }

    /// Writes alerts as this configuration says from now on; the sinks stay as they are.
    pub fn set_format(&mut self, config: &OutputsConfig) {
        self.formatter = Formatter { zone: self.formatter.zone.clone(), ..Formatter::of(config) };
    }

    /// How alerts are written.
    pub fn formatter(&self) -> &Formatter {
        &self.formatter
    }

    fn each(&mut self, registry: &Registry, mut call: impl FnMut(&mut dyn Sink, Io<'_>)) {
        let now = Instant::now();
        for (index, sink) in self.sinks.iter_mut().enumerate() {
            call(sink.as_mut(), Io { registry, token: Token(self.base + index), now });
        }
    }

    /// Sends an alert to every sink.
    pub fn send(&mut self, alert: &Alert, registry: &Registry) {
        if self.sinks.is_empty() {
            return;
        }
        let text = self.formatter.format(alert);
        let line = Rc::new(Line {
            text,
            priority: alert.priority,
            time_ns: alert.time_ns,
            rule: Arc::clone(&alert.rule),
            source: Arc::clone(&alert.source),
            tags: Arc::clone(&alert.tags),
            hostname: Arc::clone(&alert.hostname),
        });
        self.each(registry, |sink, io| sink.offer(alert, &line, io));
    }

    /// True if an event with this token is for a sink.
    pub fn owns(&self, token: Token) -> bool {
        (self.base..self.base + self.sinks.len()).contains(&token.0)
    }

    /// An event with a token that [`Outputs::owns`].
    pub fn ready(&mut self, token: Token, registry: &Registry) {
        let now = Instant::now();
        if let Some(sink) = token.0.checked_sub(self.base).and_then(|index| self.sinks.get_mut(index)) {
            sink.ready(Io { registry, token, now });
        }
        self.look_for_record_readers();
    }

    fn look_for_record_readers(&mut self) {
        self.wants_records = self.record_stats().is_some_and(|stats| stats.readers > 0);
    }

    /// True if somebody reads records, as far as is known since [`Outputs::ready`]: it costs nothing to ask.
    #[inline]
    pub fn wants_records(&self) -> bool {
        self.wants_records
    }

    /// Calls `each` with every reader that wants records.
    pub fn record_readers(&mut self, each: &mut dyn FnMut(&mut RecordReader<'_>)) {
        self.sinks.iter_mut().for_each(|sink| sink.record_readers(each));
    }

    /// Writes what was gathered for those readers. To be called whenever there is no record for a while.
    pub fn write_records(&mut self) {
        self.sinks.iter_mut().for_each(|sink| sink.write_records());
        self.look_for_record_readers();
    }

    /// What became of records that somebody reads; `None` if nobody can.
    pub fn record_stats(&self) -> Option<RecordStats> {
        self.sinks.iter().find_map(|sink| sink.record_stats())
    }

    /// True while a sink waits for [`Outputs::ready`].
    pub fn is_blocked(&self) -> bool {
        self.sinks.iter().any(|sink| sink.is_blocked())
    }

    /// When [`Outputs::expired`] is to be called, if at all.
    pub fn deadline(&self) -> Option<Instant> {
        self.new_since.or_else(|| self.sinks.iter().filter_map(|sink| sink.deadline()).min())
    }

    /// Deadlines that are over.
    pub fn expired(&mut self, registry: &Registry) {
        let new = self.new_since.take().is_some();
        self.each(registry, |sink, io| {
            if new || sink.deadline().is_some_and(|deadline| deadline <= io.now) {
                sink.expired(io);
            }
        });
        self.look_for_record_readers();
    }

    /// A child process ended (SIGCHLD).
    pub fn child_exited(&mut self, registry: &Registry) {
        self.each(registry, |sink, io| sink.child_exited(io));
    }

    /// Files are to be opened anew (SIGUSR1).
    pub fn reopen(&mut self, registry: &Registry) {
        self.each(registry, |sink, io| sink.reopen(io));
    }

    /// No more alerts: true once every sink has delivered what it had.
    pub fn finish(&mut self, registry: &Registry) -> bool {
        let mut finished = true;
        self.each(registry, |sink, io| finished &= sink.finish(io));
        finished
    }

    /// Ends whatever is still going on.
    pub fn abort(&mut self, registry: &Registry) {
        self.each(registry, |sink, io| sink.abort(io));
    }

    /// Name and counts of each sink.
    pub fn stats(&self) -> impl Iterator<Item = (&'static str, SinkStats)> + '_ {
        self.sinks.iter().map(|sink| (sink.name(), sink.stats()))
    }
}
