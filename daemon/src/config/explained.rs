//! What each key is for, in a sentence: for the JSON schema and for `docs/CONFIGURATION.md`.

use super::Config;
use super::keys::KEYS;
use super::kind::Kind;
use figment::Figment;
use figment::providers::Serialized;

/// Keys in the order of [`KEYS`], and what they are for.
const TEXTS: &[(&str, &str)] = &[
    ("alert_limits.max_burst", "Alerts of one rule in a row, where alert_limits.rate is not 0"),
    ("alert_limits.rate", "Alerts of one rule a second, on average; 0 is for no limit"),
    (
        "alert_limits.repeat_interval",
        "For so long an alert that is the same as one before, but for its time, is counted instead of sent; 0 is for not at all",
    ),
    (
        "append_output",
        "What is added to alerts: to a rule, a source or tags (match), to the message (extra_output, suggested_output) or to output_fields alone (extra_fields)",
    ),
    ("buffer_format_base64", "Buffers of bytes (evt.buffer, evt.arg.data) in alerts as base64"),
    ("buffered_outputs", "The file gets many alerts in one write, up to a second later"),
    ("capture.default_duration", "Milliseconds that a recording goes on after its alert, where the rule does not say"),
    ("capture.enabled", "Let alerts begin recordings"),
    ("capture.look_back", "Milliseconds before the alert that are in the recording as well"),
    ("capture.look_back_kb", "Memory for what may be looked back at, in KiB"),
    ("capture.max_file_size_mb", "A recording ends at this size; 0 for none"),
    ("capture.max_files", "Recordings of one run that are kept; the oldest go. 0 for all"),
    ("capture.mode", "Which alerts: those of rules that say so, or all"),
    ("capture.path_prefix", "What the names of recordings begin with"),
    (
        "config_files",
        "More files and folders, each a path or {path, strategy}: append, override or add-only; for the first file alone",
    ),
    ("containers.ask_runtimes", "Ask Docker and Podman over their sockets what a container is, where no file tells"),
    ("engine.ebpf.keep_recording", "With the eBPF probe: on SIGTERM recording goes on, for the next start"),
    (
        "engine.ebpf.pin_dir",
        "Folder of a BPF file system that keeps the eBPF probe recording while kestrel restarts; empty: nothing is kept",
    ),
    ("engine.ebpf.ring_kib", "Size of the ring that the eBPF probe writes to, in KiB"),
    (
        "engine.kind",
        "Where events come from: the kernel module, the eBPF probe (of which modern_ebpf is another name), or with auto the probe \
         where the module is not loaded",
    ),
    ("engine.kmod.device", "Path of the module's devices, without the number of the CPU"),
    ("engine.kmod.keep_recording", "On SIGTERM recording goes on, for the next start"),
    ("engine.kmod.wake_delay_ms", "Milliseconds that an event may wait in the kernel"),
    ("falco_libs.thread_table_size", "Processes that are kept in mind at most"),
    ("file_output.enabled", "Append alerts to a file"),
    ("file_output.filename", "Its path"),
    ("file_output.keep_alive", "Keep it open between alerts"),
    ("hostname", "Name of this machine in alerts; empty for the one it has. FALCO_HOSTNAME does the same"),
    ("http_output.ca_bundle", "PEM file of several authorities, if ca_cert is empty"),
    ("http_output.ca_cert", "PEM file of the authority whose servers are believed"),
    ("http_output.ca_path", "Folder of PEM files of authorities, if both are empty"),
    ("http_output.client_cert", "PEM file of our certificate"),
    ("http_output.client_key", "PEM file of its key"),
    ("http_output.compress_uploads", "Compress alerts with gzip"),
    ("http_output.echo", "Show the beginning of each answer"),
    ("http_output.enabled", "Post alerts to a server"),
    ("http_output.insecure", "Believe any certificate"),
    ("http_output.keep_alive", "Use a connection for more than one alert"),
    ("http_output.mtls", "Show our own certificate"),
    ("http_output.url", "Where to: http:// or https://"),
    ("http_output.user_agent", "What Kestrel calls itself"),
    ("json_include_message_property", "JSON: include message"),
    ("json_include_output_fields_property", "JSON: include output_fields"),
    ("json_include_output_property", "JSON: include output"),
    ("json_include_tags_property", "JSON: include tags"),
    ("json_output", "Alerts as JSON"),
    ("k8s_audit.endpoint", "Path of the webhook"),
    ("k8s_audit.listen_address", "Address that the webhook listens on"),
    ("k8s_audit.listen_port", "Port that the webhook listens on"),
    ("k8s_audit.log_file", "An audit log that is followed; empty for none"),
    ("k8s_audit.ssl_certificate", "PEM file of the webhook's certificate and its key"),
    ("k8s_audit.ssl_client_ca", "PEM file of the authorities whose clients may bring events; empty for everybody"),
    ("k8s_audit.ssl_enabled", "Speak TLS"),
    ("k8s_audit.webhook_enabled", "Let the Kubernetes API server bring the events of its audit log"),
    ("log_level", "Kestrel's own messages: this severe and worse"),
    ("log_stderr", "Kestrel's own messages to standard error"),
    ("log_syslog", "Kestrel's own messages to the local syslog"),
    ("metrics.convert_memory_to_mb", "In snapshots: memory in megabytes instead of kilobytes"),
    ("metrics.enabled", "Figures of Kestrel's own: snapshots, and /metrics"),
    ("metrics.include_empty_values", "In snapshots: figures that are 0, too"),
    ("metrics.interval", "From one snapshot to the next"),
    ("metrics.kernel_event_counters_enabled", "What became of the kernel's events"),
    ("metrics.output_file", "A file to which each snapshot is appended as a line of JSON; empty for none"),
    ("metrics.output_rule", "Send each snapshot as an alert"),
    ("metrics.resource_utilization_enabled", "Memory and processor time, of Kestrel and of the machine"),
    ("metrics.rules_counters_enabled", "Matches of each rule"),
    ("metrics.state_counters_enabled", "The process table"),
    ("outputs_queue.capacity", "Alerts that each output keeps in memory; 0 is for 4096"),
    ("outputs_queue.spool_dir", "Folder for what has no room in memory; empty for none"),
    ("outputs_queue.spool_max_bytes", "Bytes that each output may keep there"),
    ("prefilter.enabled", "Leave out in the kernel what no rule can match; not where captures are on"),
    ("priority", "Least severe rules that are loaded"),
    ("program_output.enabled", "Feed alerts to a program"),
    ("program_output.keep_alive", "One process for all alerts, instead of one for each"),
    ("program_output.program", "Command line for /bin/sh -c"),
    ("program_output.timeout_ms", "Milliseconds that a process for one alert may take"),
    ("rule_matching", "One alert for an event, of the first rule that matches, or one for each rule that matches"),
    ("rules", "Rules that are switched on and off, in order"),
    ("rules_files", "Rule files and folders, in order"),
    (
        "sandbox.enabled",
        "Once set up, give up what is not needed: capabilities, writing files elsewhere, system calls; not with program_output",
    ),
    ("socket_output.enabled", "Let programs on this machine read alerts and records from a socket"),
    ("socket_output.max_readers", "How many may read at the same time; the others are turned away"),
    ("socket_output.mode", "Who may: permissions in octal"),
    ("socket_output.path", "Its path"),
    (
        "socket_output.records",
        "Who of them may read records: nobody; root and the user that Kestrel runs as; everybody",
    ),
    ("static_fields", "Texts that rules and outputs can name: {site: north} makes a field static.site"),
    ("stdout_output.enabled", "Alerts to standard output"),
    ("syscall_event_drops.actions", "What happens when events were dropped"),
    ("syscall_event_drops.max_burst", "Reports in a row"),
    ("syscall_event_drops.rate", "Reports a second, on average"),
    ("syscall_event_drops.simulate_drops", "Report a drop that there was not, at every look: to try the actions"),
    ("syscall_event_drops.threshold", "Part of the events that must be dropped before something happens"),
    ("syslog_output.address", "The server, host:port"),
    ("syslog_output.enabled", "Alerts to syslog"),
    ("syslog_output.facility", "Facility of the messages"),
    ("syslog_output.format", "How messages are written"),
    ("syslog_output.path", "The local socket"),
    ("syslog_output.tls.ca_file", "PEM file of authorities; empty for the system's"),
    ("syslog_output.tls.certificate_file", "PEM file of our certificate"),
    ("syslog_output.tls.key_file", "PEM file of its key"),
    ("syslog_output.tls.server_name", "The name in the server's certificate; empty for the host of the address"),
    ("syslog_output.transport", "How messages travel"),
    ("time_format_iso_8601", "Times in UTC, ISO 8601"),
    ("watch_config_files", "Read rules and configuration again when one of their files changes; SIGHUP always does"),
    ("webserver.enabled", "Answer HTTP: health, versions, metrics"),
    ("webserver.k8s_healthz_endpoint", "Path of the answer that says whether Kestrel is well"),
    ("webserver.listen_address", "Address to listen on: 127.0.0.1 is for this machine alone"),
    ("webserver.listen_port", "Port to listen on"),
    ("webserver.prometheus_metrics_enabled", "Answer /metrics, where metrics.enabled as well"),
    ("webserver.ssl_certificate", "PEM file of the certificate and its key"),
    ("webserver.ssl_client_ca", "PEM file of the authorities whose clients are answered; empty for everybody"),
    ("webserver.ssl_enabled", "Speak TLS"),
];

/// What a key is for; empty if there is no such key.
pub fn explained(path: &str) -> &'static str {
    TEXTS.iter().find(|(key, _)| *key == path).map_or("", |(_, text)| text)
}

/// What a key can hold, in short.
fn holds(kind: Kind) -> String {
    match kind {
        Kind::Bool => "true, false".to_owned(),
        Kind::Count(least, u64::MAX) => format!("from {least}"),
        Kind::Count(least, most) => format!("{least} to {most}"),
        Kind::Ratio => "number".to_owned(),
        Kind::Duration(_) => "time, such as 1h30m".to_owned(),
        Kind::Text => "text".to_owned(),
        Kind::Choice(words) => words.join(", "),
        Kind::Switch => "enable or disable".to_owned(),
        Kind::Record(fields) => fields.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", "),
        Kind::Pair => "name: text".to_owned(),
        Kind::Texts => "names with texts".to_owned(),
        Kind::TextOr(other) => format!("text or {}", holds(*other)),
        Kind::List(item) => format!("list of: {}", holds(*item)),
    }
}

/// The table of all keys as Markdown, with their defaults.
pub fn markdown() -> String {
    let defaults = Figment::from(Serialized::defaults(Config::default()));
    let mut out = String::from("| key | holds | default | |\n|---|---|---|---|\n");
    for (path, kind) in KEYS {
        let default = defaults.find_value(path).ok().and_then(|value| serde_json::to_string(&value).ok());
        let default = match (kind, default) {
            (_, None) => String::new(),
            (_, Some(empty)) if empty == "\"\"" => "empty".to_owned(),
            (_, Some(text)) => format!("`{}`", text.trim_matches('"')),
        };
        let holds = holds(*kind).replace('|', "\\|");
        out.push_str(&format!("| `{path}` | {holds} | {default} | {} |\n", explained(path)));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_is_explained_and_nothing_else() {
        let keys: Vec<&str> = KEYS.iter().map(|(key, _)| *key).collect();
        let texts: Vec<&str> = TEXTS.iter().map(|(key, _)| *key).collect();
        assert_eq!(keys, texts);
    }

    /// Replaces the table with `KESTREL_WRITE_DOCS=1`.
    #[test]
    fn the_page_about_the_configuration_has_the_table_of_keys() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/CONFIGURATION.md");
        let page = std::fs::read_to_string(path).unwrap();
        let (before, old) = page.split_once("| key | holds |").unwrap();
        if std::env::var_os("KESTREL_WRITE_DOCS").is_some() {
            std::fs::write(path, format!("{before}{}", markdown())).unwrap();
            return;
        }
        assert_eq!(format!("| key | holds |{old}"), markdown(), "run this test with KESTREL_WRITE_DOCS=1");
    }
}
