//! Configuration of the sinks, with Falco's keys.

use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// The sinks and how alerts are written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct OutputsConfig {
    /// JSON instead of text.
    pub json_output: bool,
    /// JSON: include `output`.
    pub json_include_output_property: bool,
    /// JSON: include `message`.
    pub json_include_message_property: bool,
    /// JSON: include `output_fields`.
    pub json_include_output_fields_property: bool,
    /// JSON: include `tags`.
    pub json_include_tags_property: bool,
    /// Times in UTC, ISO 8601.
    pub time_format_iso_8601: bool,
    /// The alert file gets many alerts in one write, up to a second later.
    pub buffered_outputs: bool,
    /// Bounds of every sink's queue.
    pub outputs_queue: QueueConfig,
    /// Standard output.
    pub stdout_output: StdoutConfig,
    /// A file.
    pub file_output: FileConfig,
    /// syslog.
    pub syslog_output: SyslogConfig,
    /// A program.
    pub program_output: ProgramConfig,
    /// HTTP.
    pub http_output: HttpConfig,
    /// A socket that programs on this machine read.
    pub socket_output: SocketConfig,
}

impl Default for OutputsConfig {
    fn default() -> Self {
        OutputsConfig {
            json_output: false,
            json_include_output_property: true,
            json_include_message_property: false,
            json_include_output_fields_property: true,
            json_include_tags_property: true,
            time_format_iso_8601: false,
            buffered_outputs: false,
            outputs_queue: QueueConfig::default(),
            stdout_output: StdoutConfig::default(),
            file_output: FileConfig::default(),
            syslog_output: SyslogConfig::default(),
            program_output: ProgramConfig::default(),
            http_output: HttpConfig::default(),
            socket_output: SocketConfig::default(),
        }
    }
}

/// Bounds of every sink's queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct QueueConfig {
    /// Alerts; 0 stands for [`QueueConfig::DEFAULT_CAPACITY`].
    pub capacity: usize,
    /// Folder for what has no room in memory; empty for none.
    pub spool_dir: PathBuf,
    /// Bytes that each sink may keep there.
    pub spool_max_bytes: u64,
}

impl Default for QueueConfig {
    fn default() -> Self {
        QueueConfig { capacity: 0, spool_dir: PathBuf::new(), spool_max_bytes: 16 << 20 }
    }
}

impl QueueConfig {
    /// Alerts that a sink keeps if nothing else is said.
    pub const DEFAULT_CAPACITY: usize = 4096;

    /// Bytes that a sink keeps at most, whatever the number of alerts.
    pub const MAX_BYTES: usize = 1 << 20;

    /// Alerts that a sink keeps.
    pub fn alerts(&self) -> usize {
        if self.capacity == 0 { QueueConfig::DEFAULT_CAPACITY } else { self.capacity }
    }
}

/// Standard output.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct StdoutConfig {
    /// Whether it is used.
    pub enabled: bool,
}

impl Default for StdoutConfig {
    fn default() -> Self {
        StdoutConfig { enabled: true }
    }
}

/// A file that alerts are appended to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FileConfig {
    /// Whether it is used.
    pub enabled: bool,
    /// Keep it open between alerts. It is opened anew on SIGUSR1.
    pub keep_alive: bool,
    /// Its path.
    pub filename: PathBuf,
}

/// syslog.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SyslogConfig {
    /// Whether it is used.
    pub enabled: bool,
    /// Facility, such as `user`, `daemon`, `auth` or `local0` (RFC 5424, 6.2.1).
    pub facility: String,
    /// How messages travel.
    pub transport: SyslogTransport,
    /// The local socket.
    pub path: PathBuf,
    /// The server, for all transports but the local socket: `host:port`.
    pub address: String,
    /// How messages are written.
    pub format: SyslogFormat,
    /// Certificates, for TLS.
    pub tls: SyslogTlsConfig,
}

impl Default for SyslogConfig {
    fn default() -> Self {
        SyslogConfig {
            enabled: false,
            facility: "user".to_owned(),
            transport: SyslogTransport::Local,
            path: PathBuf::from("/dev/log"),
            address: String::new(),
            format: SyslogFormat::Rfc3164,
            tls: SyslogTlsConfig::default(),
        }
    }
}

/// How syslog messages travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SyslogTransport {
    /// The socket of the local server.
    Local,
    /// A datagram a message (RFC 5426).
    Udp,
    /// TCP with counted octets (RFC 6587, 3.4.1).
    Tcp,
    /// The same with TLS (RFC 5425).
    Tls,
}

/// How syslog messages are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SyslogFormat {
    /// What every server reads.
    Rfc3164,
    /// With the year, and rule, priority, source and tags as structured data.
    Rfc5424,
}

/// Certificates for syslog with TLS.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SyslogTlsConfig {
    /// PEM file of the authorities whose servers are believed; empty for the system's.
    pub ca_file: PathBuf,
    /// PEM file of our certificate, for servers that want one.
    pub certificate_file: PathBuf,
    /// PEM file of its key.
    pub key_file: PathBuf,
    /// The name that the server's certificate must have; empty for the host of the address.
    pub server_name: String,
}

/// A program that is fed alerts on its standard input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ProgramConfig {
    /// Whether it is used.
    pub enabled: bool,
    /// One process for all alerts, instead of one for each.
    pub keep_alive: bool,
    /// Command line for `/bin/sh -c`.
    pub program: String,
    /// Milliseconds that a process for one alert may take before it is killed.
    pub timeout_ms: u64,
}

impl Default for ProgramConfig {
    fn default() -> Self {
        ProgramConfig { enabled: false, keep_alive: false, program: String::new(), timeout_ms: 10_000 }
    }
}

/// A server that alerts are posted to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct HttpConfig {
    /// Whether it is used.
    pub enabled: bool,
    /// Where to: `http://` or `https://`.
    pub url: String,
    /// What we call ourselves.
    pub user_agent: String,
    /// Believe any certificate.
    pub insecure: bool,
    /// PEM file of the authority whose servers are believed.
    pub ca_cert: PathBuf,
    /// PEM file of several authorities, if `ca_cert` is empty.
    pub ca_bundle: PathBuf,
    /// Folder of PEM files of authorities, if both are empty.
    pub ca_path: PathBuf,
    /// Show our own certificate.
    pub mtls: bool,
    /// PEM file of our certificate.
    pub client_cert: PathBuf,
    /// PEM file of its key.
    pub client_key: PathBuf,
    /// Show the beginning of each answer in our own messages.
    pub echo: bool,
    /// Compress alerts with gzip.
    pub compress_uploads: bool,
    /// Use a connection for more than one alert.
    pub keep_alive: bool,
}

impl Default for HttpConfig {
    fn default() -> Self {
        HttpConfig {
            enabled: false,
            url: String::new(),
            user_agent: "kestrel".to_owned(),
            insecure: false,
            ca_cert: PathBuf::new(),
            ca_bundle: PathBuf::new(),
            ca_path: PathBuf::from("/etc/ssl/certs"),
            mtls: false,
            client_cert: PathBuf::from("/etc/ssl/certs/client.crt"),
            client_key: PathBuf::from("/etc/ssl/certs/client.key"),
            echo: false,
            compress_uploads: false,
            keep_alive: false,
        }
    }
}

/// A socket that programs on this machine read alerts and records from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SocketConfig {
    /// Whether it is used.
    pub enabled: bool,
    /// Its path.
    pub path: PathBuf,
    /// Who may read it: permissions in octal. Reading takes the right to write (unix(7)).
    pub mode: String,
    /// How many may read at the same time.
    pub max_readers: u64,
    /// Which of them may read records.
    pub records: RecordsFor,
}

/// Who may read records: they hold what programs were called with, their environment, and what they read and wrote.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RecordsFor {
    /// Nobody.
    Nobody,
    /// Root, and the user that Kestrel runs as.
    #[default]
    Owner,
    /// Whoever may connect.
    Everybody,
}

impl SocketConfig {
    /// The permissions.
    ///
    /// # Errors
    /// A sentence that says what is wrong with them.
    pub fn permissions(&self) -> Result<u32, String> {
        u32::from_str_radix(&self.mode, 8).ok().filter(|mode| *mode <= 0o777 && self.mode.len() <= 4).ok_or_else(|| {
            format!("socket_output: mode: {:?} are no permissions: write them in octal, such as \"0600\"", self.mode)
        })
    }
}

impl Default for SocketConfig {
    fn default() -> Self {
        SocketConfig {
            enabled: false,
            path: PathBuf::from("/run/kestrel.sock"),
            mode: "0600".to_owned(),
            max_readers: 64,
            records: RecordsFor::default(),
        }
    }
}
