//! The table of configuration keys: what each may hold. Files, environment and `-o` are all checked against it.

use super::kind::Kind;

const PRIORITIES: Kind =
    Kind::Choice(&["emergency", "alert", "critical", "error", "warning", "notice", "informational", "info", "debug"]);

/// What is added to the alerts of some rules, or of all.
const APPENDED: Kind = Kind::Record(&[
    ("extra_fields", Kind::List(&Kind::TextOr(&Kind::Pair))),
    ("extra_output", Kind::Text),
    ("match", Kind::Record(&[("rule", Kind::Text), ("source", Kind::Text), ("tags", Kind::List(&Kind::Text))])),
    ("suggested_output", Kind::Bool),
]);

/// A file or folder of more configuration, and how it is merged.
const FRAGMENTS: Kind = Kind::TextOr(&Kind::Record(&[
    ("path", Kind::Text),
    ("strategy", Kind::Choice(&["append", "override", "add-only"])),
]));

/// Every key by its dotted path, sorted.
pub const KEYS: &[(&str, Kind)] = &[
    ("alert_limits.max_burst", Kind::Count(1, 1 << 32)),
    ("alert_limits.rate", Kind::Ratio),
    ("alert_limits.repeat_interval", Kind::Duration(0)),
    ("append_output", Kind::List(&APPENDED)),
    ("buffer_format_base64", Kind::Bool),
    ("buffered_outputs", Kind::Bool),
    ("capture.default_duration", Kind::Count(1, 86_400_000)),
    ("capture.enabled", Kind::Bool),
    ("capture.look_back", Kind::Count(0, 3_600_000)),
    ("capture.look_back_kb", Kind::Count(0, 1 << 20)),
    ("capture.max_file_size_mb", Kind::Count(0, 1 << 20)),
    ("capture.max_files", Kind::Count(0, 1 << 20)),
    ("capture.mode", Kind::Choice(&["rules", "all_rules"])),
    ("capture.path_prefix", Kind::Text),
    ("config_files", Kind::List(&FRAGMENTS)),
    ("containers.ask_runtimes", Kind::Bool),
    ("engine.ebpf.keep_recording", Kind::Bool),
    ("engine.ebpf.pin_dir", Kind::Text),
    ("engine.ebpf.ring_kib", Kind::Count(64, 1 << 20)),
    ("engine.kind", Kind::Choice(&["kmod", "ebpf", "modern_ebpf", "auto"])),
    ("engine.kmod.device", Kind::Text),
    ("engine.kmod.keep_recording", Kind::Bool),
    ("engine.kmod.wake_delay_ms", Kind::Count(0, 60_000)),
    ("falco_libs.thread_table_size", Kind::Count(64, 4_194_304)),
    ("file_output.enabled", Kind::Bool),
    ("file_output.filename", Kind::Text),
    ("file_output.keep_alive", Kind::Bool),
    ("hostname", Kind::Text),
    ("http_output.ca_bundle", Kind::Text),
    ("http_output.ca_cert", Kind::Text),
    ("http_output.ca_path", Kind::Text),
    ("http_output.client_cert", Kind::Text),
    ("http_output.client_key", Kind::Text),
    ("http_output.compress_uploads", Kind::Bool),
    ("http_output.echo", Kind::Bool),
    ("http_output.enabled", Kind::Bool),
    ("http_output.insecure", Kind::Bool),
    ("http_output.keep_alive", Kind::Bool),
    ("http_output.mtls", Kind::Bool),
    ("http_output.url", Kind::Text),
    ("http_output.user_agent", Kind::Text),
    ("json_include_message_property", Kind::Bool),
    ("json_include_output_fields_property", Kind::Bool),
    ("json_include_output_property", Kind::Bool),
    ("json_include_tags_property", Kind::Bool),
    ("json_output", Kind::Bool),
    ("k8s_audit.endpoint", Kind::Text),
    ("k8s_audit.listen_address", Kind::Text),
    ("k8s_audit.listen_port", Kind::Count(0, 65_535)),
    ("k8s_audit.log_file", Kind::Text),
    ("k8s_audit.ssl_certificate", Kind::Text),
    ("k8s_audit.ssl_client_ca", Kind::Text),
    ("k8s_audit.ssl_enabled", Kind::Bool),
    ("k8s_audit.webhook_enabled", Kind::Bool),
    ("log_level", PRIORITIES),
    ("log_stderr", Kind::Bool),
    ("log_syslog", Kind::Bool),
    ("metrics.convert_memory_to_mb", Kind::Bool),
    ("metrics.enabled", Kind::Bool),
    ("metrics.include_empty_values", Kind::Bool),
    ("metrics.interval", Kind::Duration(100)),
    ("metrics.kernel_event_counters_enabled", Kind::Bool),
    ("metrics.output_file", Kind::Text),
    ("metrics.output_rule", Kind::Bool),
    ("metrics.resource_utilization_enabled", Kind::Bool),
    ("metrics.rules_counters_enabled", Kind::Bool),
    ("metrics.state_counters_enabled", Kind::Bool),
    ("outputs_queue.capacity", Kind::Count(0, 1 << 24)),
    ("outputs_queue.spool_dir", Kind::Text),
    // More than a queue holds in memory, so that a queue always fits.
    ("outputs_queue.spool_max_bytes", Kind::Count(8 << 20, 1 << 30)),
    ("prefilter.enabled", Kind::Bool),
    ("priority", PRIORITIES),
    ("program_output.enabled", Kind::Bool),
    ("program_output.keep_alive", Kind::Bool),
    ("program_output.program", Kind::Text),
    ("program_output.timeout_ms", Kind::Count(1, 86_400_000)),
    ("rule_matching", Kind::Choice(&["first", "all"])),
    ("rules", Kind::List(&Kind::Switch)),
    ("rules_files", Kind::List(&Kind::Text)),
    ("sandbox.enabled", Kind::Bool),
    ("socket_output.enabled", Kind::Bool),
    ("socket_output.max_readers", Kind::Count(1, 65536)),
    ("socket_output.mode", Kind::Text),
    ("socket_output.path", Kind::Text),
    ("socket_output.records", Kind::Choice(&["nobody", "owner", "everybody"])),
    ("static_fields", Kind::Texts),
    ("stdout_output.enabled", Kind::Bool),
    ("syscall_event_drops.actions", Kind::List(&Kind::Choice(&["ignore", "log", "alert", "exit"]))),
    ("syscall_event_drops.max_burst", Kind::Count(1, u32::MAX as u64)),
    ("syscall_event_drops.rate", Kind::Ratio),
    ("syscall_event_drops.simulate_drops", Kind::Bool),
    ("syscall_event_drops.threshold", Kind::Ratio),
    ("syslog_output.address", Kind::Text),
    ("syslog_output.enabled", Kind::Bool),
    ("syslog_output.facility", Kind::Text),
    ("syslog_output.format", Kind::Choice(&["rfc3164", "rfc5424"])),
    ("syslog_output.path", Kind::Text),
    ("syslog_output.tls.ca_file", Kind::Text),
    ("syslog_output.tls.certificate_file", Kind::Text),
    ("syslog_output.tls.key_file", Kind::Text),
    ("syslog_output.tls.server_name", Kind::Text),
    ("syslog_output.transport", Kind::Choice(&["local", "udp", "tcp", "tls"])),
    ("time_format_iso_8601", Kind::Bool),
    ("watch_config_files", Kind::Bool),
    ("webserver.enabled", Kind::Bool),
    ("webserver.k8s_healthz_endpoint", Kind::Text),
    ("webserver.listen_address", Kind::Text),
    ("webserver.listen_port", Kind::Count(0, 65_535)),
    ("webserver.prometheus_metrics_enabled", Kind::Bool),
    ("webserver.ssl_certificate", Kind::Text),
    ("webserver.ssl_client_ca", Kind::Text),
    ("webserver.ssl_enabled", Kind::Bool),
];

/// Falco's keys that mean nothing here, or nothing yet, and those of its older versions: a file that has them is accepted, and
/// they are named in a warning.
const ELSEWHERE: &[&str] = &[
    "base_syscalls",
    "container_engines",
    "engine.ebpf.buf_size_preset",
    "engine.ebpf.drop_failed_exit",
    "engine.ebpf.probe",
    "engine.gvisor",
    "engine.kmod.buf_size_preset",
    "engine.kmod.drop_failed_exit",
    "engine.modern_ebpf",
    "engine.replay",
    "falco_libs.snaplen",
    "falco_libs.thread_table_auto_purging_interval_s",
    "falco_libs.thread_table_auto_purging_thread_timeout_s",
    "grpc",
    "grpc_output",
    "http_output.max_consecutive_timeouts",
    "libs_logger",
    "load_plugins",
    "metrics.jemalloc_stats_enabled",
    "metrics.kernel_event_counters_per_cpu_enabled",
    "metrics.kernel_iter_event_counters_enabled",
    "metrics.libbpf_stats_enabled",
    "metrics.plugins_metrics_enabled",
    "modern_bpf",
    "output_timeout",
    "outputs",
    "plugins",
    "plugins_hostinfo",
    "syscall_buf_size_preset",
    "syscall_drop_failed_exit",
    "syscall_event_timeouts",
    "webserver.threadiness",
];

/// Falco's values of keys that are ours as well, where ours cannot be that: as good as not given, and named in the warning.
const OTHER_VALUES: &[(&str, &[&str])] = &[("engine.kind", &["modern_ebpf", "nodriver"])];

/// True if Falco has this value of a key, and it means nothing here.
pub fn is_other_value(path: &str, text: &str) -> bool {
    OTHER_VALUES.iter().any(|(key, values)| *key == path && values.contains(&text))
}

/// Falco's older name of a key, and the name that it has now.
const RENAMED: &[(&str, &str)] = &[("rules_file", "rules_files")];

/// The name of a key, if this is an older one of it.
pub fn renamed(key: &str) -> Option<&'static str> {
    RENAMED.iter().find(|(old, _)| *old == key).map(|(_, new)| *new)
}

/// What a dotted path is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Meaning {
    /// A key that holds this.
    Key(Kind),
    /// The beginning of keys.
    Section,
    /// A key of Falco's that means nothing here.
    Elsewhere,
    /// Nothing.
    Unknown,
}

/// What a dotted path is.
pub fn meaning(path: &str) -> Meaning {
    let is_section = |key: &str| key.strip_prefix(path).is_some_and(|rest| rest.starts_with('.'));
    if let Some((_, kind)) = KEYS.iter().find(|(key, _)| *key == path) {
        Meaning::Key(*kind)
    } else if KEYS.iter().any(|(key, _)| is_section(key)) {
        Meaning::Section
    } else if ELSEWHERE.iter().any(|key| *key == path || path.strip_prefix(key).is_some_and(|r| r.starts_with('.'))) {
        Meaning::Elsewhere
    } else {
        Meaning::Unknown
    }
}

/// The key or section that was probably meant: the nearest one, if it is near at all.
pub fn nearest(path: &str) -> Option<&'static str> {
    let depth = path.matches('.').count();
    let same_depth = |key: &'static str| {
        let end = key.match_indices('.').nth(depth).map_or(key.len(), |(at, _)| at);
        &key[..end]
    };
    KEYS.iter()
        .map(|(key, _)| same_depth(key))
        .map(|candidate| (distance(candidate, path), candidate))
        .filter(|(distance, _)| *distance <= 3)
        .min()
        .map(|(_, candidate)| candidate)
}

/// Edit distance (Levenshtein) of two short words.
pub fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().take(256).collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().take(256).enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let change = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = change.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_names_nothing_twice() {
        let keys: Vec<&str> = KEYS.iter().map(|(key, _)| *key).collect();
        assert!(keys.is_sorted());
        for key in ELSEWHERE {
            assert_eq!(meaning(key), Meaning::Elsewhere, "{key}");
        }
    }

    #[test]
    fn paths_are_keys_sections_or_nothing() {
        assert_eq!(meaning("json_output"), Meaning::Key(Kind::Bool));
        assert_eq!(meaning("engine.kmod"), Meaning::Section);
        assert_eq!(meaning("libs_logger.severity"), Meaning::Elsewhere);
        assert_eq!(meaning("file_output.enabled.deeper"), Meaning::Unknown);
        assert_eq!(meaning("engin"), Meaning::Unknown);
        assert_eq!(nearest("engin"), Some("engine"));
        assert_eq!(nearest("file_output.enabld"), Some("file_output.enabled"));
        assert_eq!(nearest("something_else"), None);
    }
}
