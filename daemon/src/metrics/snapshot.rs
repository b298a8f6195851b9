//! Falco's metrics snapshot: fields of an alert.

use super::figures::Figures;
use super::labelled::label;
use super::table::{Number, TABLE, Unit};
use crate::config::MetricsConfig;
use crate::versions;
use kestrel_outputs::FieldValue;

/// Name of the alert: Falco's.
pub const RULE: &str = "Falco internal: metrics snapshot";

/// What the last snapshot said, for rates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Previous {
    /// When it was, in nanoseconds since the epoch.
    pub time_ns: u64,
    /// Records that were judged.
    pub records: u64,
    /// Events of the kernel.
    pub events: u64,
    /// Those of them that were dropped.
    pub drops: u64,
}

impl Previous {
    /// What these figures are for the next snapshot.
    pub fn of(figures: &Figures) -> Previous {
        let counters = &figures.accounts.counters;
        Previous {
            time_ns: figures.time_ns,
            records: figures.judged.records,
            events: counters.seen,
            drops: counters.dropped(),
        }
    }
}

/// The fields, with the names that Falco gives them.
pub fn fields(figures: &Figures, config: &MetricsConfig, previous: Previous) -> Vec<(String, FieldValue)> {
    let text = |text: &str| FieldValue::Str(text.to_owned());
    let mut fields: Vec<(String, FieldValue)> = vec![
        ("evt.time".to_owned(), FieldValue::Uint(figures.time_ns)),
        ("evt.hostname".to_owned(), text(&figures.hostname)),
        ("evt.source".to_owned(), text("syscall")),
        ("falco.version".to_owned(), text(versions::KESTREL)),
        ("falco.kernel_release".to_owned(), text(&figures.machine.kernel_release)),
        ("scap.engine_name".to_owned(), text(figures.engine)),
    ];
    for (kind, files) in [("rules", &figures.rules_files), ("config", &figures.config_files)] {
        let named = files.iter().map(|file| {
            (format!("falco.sha256_{kind}_file.{}", label(&file.name())), FieldValue::Str(file.sha256.clone()))
        });
        fields.extend(named);
    }
    for (name, (v4, v6)) in &figures.machine.addresses {
        for (version, addresses) in [("ipv4", v4), ("ipv6", v6)].into_iter().filter(|(_, found)| !found.is_empty()) {
            let name = format!("falco.host_netinfo.interfaces.{name}.protocols.{version}.addresses");
            fields.push((name, FieldValue::Str(addresses.join(","))));
        }
    }
    fields.extend(rates(figures, config, previous));
    for row in TABLE.iter().filter(|row| !row.field.is_empty() && row.category.is_on(config)) {
        let Some(value) = (row.value)(figures) else { continue };
        let is_empty = matches!(value, Number::Whole(0)) || value == Number::Fraction(0.0);
        if is_empty && !config.include_empty_values && row.category != super::table::Category::Always {
            continue;
        }
        fields.push(shown(row.field, value, row.unit, config.convert_memory_to_mb));
    }
    if config.rules_counters_enabled {
        fields.push(("falco.rules.matches_total".to_owned(), FieldValue::Uint(total(figures))));
        for rule in figures.rules.iter().filter(|rule| rule.matches > 0 || config.include_empty_values) {
            fields.push((format!("falco.rules.{}", label(&rule.name)), FieldValue::Uint(rule.matches)));
        }
    }
    fields
}

fn total(figures: &Figures) -> u64 {
    figures.judged.by_priority.values().sum()
}

fn tenth(n: f64) -> f64 {
    (n * 10.0).round() / 10.0
}

fn shown(field: &str, value: Number, unit: Unit, megabytes: bool) -> (String, FieldValue) {
    match (value, unit) {
        (Number::Whole(n), Unit::Memory | Unit::Bytes) if megabytes => {
            (format!("{field}_mb"), FieldValue::Double(tenth(n as f64 / 1024.0 / 1024.0)))
        }
        (Number::Whole(n), Unit::Memory) => (format!("{field}_kb"), FieldValue::Uint(n / 1024)),
        (Number::Whole(n), Unit::Bytes) => (format!("{field}_bytes"), FieldValue::Uint(n)),
        (Number::Whole(n), _) => (field.to_owned(), FieldValue::Uint(n)),
        (Number::Fraction(n), _) => (field.to_owned(), FieldValue::Double(tenth(n))),
    }
}

/// What there was since the last snapshot.
fn rates(figures: &Figures, config: &MetricsConfig, previous: Previous) -> Vec<(String, FieldValue)> {
    let now = Previous::of(figures);
    let seconds = now.time_ns.saturating_sub(previous.time_ns) as f64 / 1e9;
    let rate = |now: u64, before: u64| match previous.time_ns {
        0 => 0.0,
        _ if seconds > 0.0 => tenth(now.saturating_sub(before) as f64 / seconds),
        _ => 0.0,
    };
    let (events, drops) = (now.events.saturating_sub(previous.events), now.drops.saturating_sub(previous.drops));
    let lost = if events > 0 { drops as f64 * 100.0 / events as f64 } else { 0.0 };
    let counters = &figures.accounts.counters;
    let mut found = vec![
        ("falco.evts_rate_sec", FieldValue::Double(rate(now.records, previous.records))),
        ("falco.num_evts", FieldValue::Uint(now.records)),
        ("falco.num_evts_prev", FieldValue::Uint(previous.records)),
    ];
    if config.kernel_event_counters_enabled {
        found.extend([
            ("scap.n_evts", FieldValue::Uint(now.events)),
            ("scap.n_evts_prev", FieldValue::Uint(previous.events)),
            ("scap.evts_rate_sec", FieldValue::Double(rate(now.events, previous.events))),
            ("scap.n_drops", FieldValue::Uint(now.drops)),
            ("scap.n_drops_prev", FieldValue::Uint(previous.drops)),
            ("scap.evts_drop_rate_sec", FieldValue::Double(rate(now.drops, previous.drops))),
            ("scap.n_drops_perc", FieldValue::Double(tenth(lost))),
        ]);
        let full = counters.dropped_full + counters.dropped_full_lifecycle;
        if full > 0 || config.include_empty_values {
            found.push(("scap.n_drops_buffer_total", FieldValue::Uint(full)));
        }
    }
    found.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}
