//! Figures that are several: by rule, by output, by cause.

use super::figures::Figures;
use super::table::Type;
use crate::config::MetricsConfig;
use crate::sources::Share;
use crate::versions;

/// How often the kernel saw each event: a figure that `kestrel explain --prefilter` reads back.
pub const SEEN: &str = "kestrel_kernel_event_seen_total";
/// How often it rejected each: likewise.
pub const REJECTED: &str = "kestrel_kernel_event_rejected_total";

/// One value with its labels.
pub struct Sample {
    /// Names and values.
    pub labels: Vec<(String, String)>,
    /// The value.
    pub value: u64,
}

/// Values under one name.
pub struct Family {
    /// Their name.
    pub name: &'static str,
    /// What they do.
    pub kind: Type,
    /// What they mean.
    pub help: &'static str,
    /// They say something in their labels; the value is always 1.
    pub is_info: bool,
    /// The values.
    pub samples: Vec<Sample>,
}

fn sample(labels: &[(&str, &str)], value: u64) -> Sample {
    let labels = labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Sample { labels, value }
}

fn info(name: &'static str, help: &'static str, samples: Vec<Sample>) -> Family {
    Family { name, kind: Type::Gauge, help, is_info: true, samples }
}

fn counter(name: &'static str, help: &'static str, samples: Vec<Sample>) -> Family {
    Family { name, kind: Type::Counter, help, is_info: false, samples }
}

/// All of them that the configuration wants.
pub fn families(figures: &Figures, config: &MetricsConfig) -> Vec<Family> {
    let Figures { accounts, judged, sinks, .. } = figures;
    let file = |file: &crate::config::ReadFile| sample(&[("file_name", &file.name()), ("sha256", &file.sha256)], 1);
    let one = |name: &str, value: &str| vec![sample(&[(name, value)], 1)];
    let mut families = vec![
        info("falcosecurity_falco_version_info", "Version of Kestrel", one("version", versions::KESTREL)),
        info(
            "falcosecurity_falco_kernel_release_info",
            "Release of the kernel",
            one("kernel_release", &figures.machine.kernel_release),
        ),
        info("falcosecurity_evt_hostname_info", "Name of the machine in alerts", one("hostname", &figures.hostname)),
        info(
            "falcosecurity_scap_engine_name_info",
            "Where events come from",
            vec![sample(&[("engine_name", figures.engine), ("evt_source", "syscall")], 1)],
        ),
        info(
            "falcosecurity_falco_sha256_rules_files_info",
            "Rule files that are in force",
            figures.rules_files.iter().map(file).collect(),
        ),
        info(
            "falcosecurity_falco_sha256_config_files_info",
            "Files of the configuration that is in force",
            figures.config_files.iter().map(file).collect(),
        ),
        counter(
            "kestrel_records_total",
            "Records, by what became of them",
            vec![
                sample(&[("outcome", "judged")], judged.records),
                sample(&[("outcome", "unreadable")], judged.bad_records),
                sample(&[("outcome", "unknown_event")], judged.unknown_events),
            ],
        ),
        counter(
            "kestrel_output_alerts_total",
            "Alerts, by output and what became of them",
            sinks
                .iter()
                .flat_map(|(name, stats)| {
                    [
                        sample(&[("output", name), ("outcome", "delivered")], stats.delivered),
                        sample(&[("output", name), ("outcome", "lost")], stats.lost),
                    ]
                })
                .collect(),
        ),
        Family {
            name: "kestrel_output_queued_alerts",
            kind: Type::Gauge,
            help: "Alerts that wait, by output",
            is_info: false,
            samples: sinks.iter().map(|(name, stats)| sample(&[("output", name)], stats.queued)).collect(),
        },
        counter(
            "kestrel_alerts_held_back_total",
            "Alerts that a limit held back, by the limit",
            vec![
                sample(&[("limit", "rate")], figures.held_back.0),
                sample(&[("limit", "repeat")], figures.held_back.1),
            ],
        ),
    ];
    if config.kernel_event_counters_enabled {
        let causes = accounts.counters.causes();
        families.push(counter(
            "kestrel_kernel_dropped_total",
            "Events that were dropped, by cause",
            causes.iter().map(|(cause, count)| sample(&[("cause", cause)], *count)).collect(),
        ));
        let each = |value: fn(Share) -> u64| {
            figures.shares.by_event().map(|(event, share)| sample(&[("event", event)], value(share))).collect()
        };
        families.push(counter(SEEN, "Events that were asked for, by kind", each(|share| share.seen)));
        families.push(counter(
            REJECTED,
            "Of these, those that the filter in the kernel said no to",
            each(|share| share.rejected),
        ));
    }
    if config.rules_counters_enabled {
        families.push(counter("falcosecurity_falco_rules_matches_total", "Matches, by rule", rules(figures)));
    }
    families
}

fn rules(figures: &Figures) -> Vec<Sample> {
    let matched = figures.rules.iter().filter(|rule| rule.matches > 0);
    matched
        .map(|rule| {
            let priority = (rule.priority as u8).to_string();
            let mut found =
                sample(&[("rule_name", &rule.name), ("priority", &priority), ("source", &rule.source)], rule.matches);
            let mut tags: Vec<String> = rule.tags.iter().map(|tag| format!("tag_{}", label(tag))).collect();
            tags.sort();
            tags.dedup();
            found.labels.extend(tags.into_iter().map(|tag| (tag, "true".to_owned())));
            found
        })
        .collect()
}

/// A text as (a part of) the name of a label, or of a field: letters, digits and underscores.
pub fn label(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect()
}
