//! Reading configuration and rules again while watching.

use super::append::Appended;
use super::observe::FilesInForce;
use crate::config::Config;
use crate::event_loop::Wanted;
use kestrel_rules::RuleSet;
use std::path::PathBuf;

/// Name of the internal alert: Falco's.
pub const RULE: &str = "Falco internal: hot restart failure";

/// Reads everything again; `None` where that cannot be done. It may be called on another thread.
pub type Reload = Box<dyn FnMut() -> Option<Reading> + Send>;

/// What came of reading everything again.
#[derive(Debug)]
pub struct Reading {
    /// The files and folders that count, as far as they are known: a change of one of them is a reason to try again.
    pub paths: Vec<PathBuf>,
    /// What is new, or why it cannot be used.
    pub outcome: Result<Fresh, String>,
}

/// What takes the place of what is in force.
#[derive(Debug)]
pub struct Fresh {
    /// Rules, compiled.
    pub rules: RuleSet,
    /// What is to be recorded for them.
    pub wanted: Wanted,
    /// The configuration that they were compiled with.
    pub config: Box<Config>,
    /// What is added to alerts.
    pub appended: Appended,
    /// The files that all of it comes from.
    pub files: FilesInForce,
}

/// When everything was last read, and how that went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// Time of the last success, the start among them, in nanoseconds since the epoch.
    pub read_ns: u64,
    /// Times that everything was read again with success.
    pub reloads: u64,
    /// Times that it could not be used.
    pub failures: u64,
    /// Why the last try failed, if it did: what is in force is older than the files are.
    pub failure: Option<String>,
}

/// The sections that changed and count only after a restart.
pub fn needs_restart(old: &Config, new: &Config) -> Vec<&'static str> {
    let (a, b) = (&old.outputs, &new.outputs);
    let changes = [
        ("containers", old.containers != new.containers),
        ("engine", old.engine != new.engine),
        ("falco_libs", old.falco_libs != new.falco_libs),
        ("hostname", old.hostname != new.hostname),
        ("sandbox", old.sandbox != new.sandbox),
        ("webserver", old.webserver != new.webserver),
        ("outputs_queue", a.outputs_queue != b.outputs_queue),
        ("k8s_audit", old.k8s_audit != new.k8s_audit),
        ("capture", old.capture != new.capture),
        ("buffered_outputs", a.buffered_outputs != b.buffered_outputs),
        ("stdout_output", a.stdout_output != b.stdout_output),
        ("file_output", a.file_output != b.file_output),
        ("syslog_output", a.syslog_output != b.syslog_output),
        ("program_output", a.program_output != b.program_output),
        ("http_output", a.http_output != b.http_output),
        ("socket_output", a.socket_output != b.socket_output),
    ];
    changes.into_iter().filter(|(_, changed)| *changed).map(|(name, _)| name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::KEYS;
    use std::collections::BTreeSet;

    #[test]
    fn what_counts_after_a_restart_alone_is_named() {
        let old = Config::default();
        let mut new = Config::default();
        assert_eq!(needs_restart(&old, &new), [""; 0]);
        new.outputs.json_output = true;
        new.priority = kestrel_outputs::Priority::Error;
        assert_eq!(needs_restart(&old, &new), [""; 0]);
        new.webserver.listen_port = 1;
        new.outputs.file_output.enabled = true;
        assert_eq!(needs_restart(&old, &new), ["webserver", "file_output"]);
    }

    #[test]
    fn every_section_counts_at_once_or_is_among_those_that_need_a_restart() {
        // Those that take effect at once; a new section must be put here, or into the table above.
        let at_once: BTreeSet<&str> = [
            "alert_limits",
            "append_output",
            "buffer_format_base64",
            "config_files",
            "json_include_message_property",
            "json_include_output_fields_property",
            "json_include_output_property",
            "json_include_tags_property",
            "json_output",
            "log_level",
            "log_stderr",
            "log_syslog",
            "metrics",
            "prefilter",
            "priority",
            "rule_matching",
            "rules",
            "rules_files",
            "static_fields",
            "syscall_event_drops",
            "time_format_iso_8601",
            "watch_config_files",
        ]
        .into();
        let mut other = Config::default();
        other.containers.ask_runtimes = false;
        other.engine.kmod.device = "x".to_owned();
        other.falco_libs.thread_table_size = 1;
        other.hostname = "x".to_owned();
        other.webserver.enabled = true;
        other.capture.enabled = true;
        other.k8s_audit.webhook_enabled = true;
        other.sandbox.enabled = false;
        other.outputs.outputs_queue.capacity = 1;
        other.outputs.buffered_outputs = true;
        other.outputs.stdout_output.enabled = false;
        other.outputs.file_output.enabled = true;
        other.outputs.syslog_output.enabled = true;
        other.outputs.program_output.enabled = true;
        other.outputs.http_output.enabled = true;
        other.outputs.socket_output.enabled = true;
        let later: BTreeSet<&str> = needs_restart(&Config::default(), &other).into_iter().collect();
        let sections: BTreeSet<&str> = KEYS.iter().map(|(key, _)| key.split('.').next().unwrap()).collect();
        assert_eq!(sections, &at_once | &later);
    }
}
