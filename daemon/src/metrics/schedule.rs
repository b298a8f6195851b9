//! When there is a snapshot, and the file that it is appended to.

use super::figures::Figures;
use super::snapshot::{Previous, fields};
use crate::config::MetricsConfig;
use kestrel_outputs::FieldValue;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::time::{Duration, Instant};

/// Snapshots, every interval.
#[derive(Debug)]
pub struct Snapshots {
    config: MetricsConfig,
    next: Option<Instant>,
    previous: Previous,
    samples: u64,
    complained: bool,
}

impl Snapshots {
    /// As the configuration says, from `now` on.
    pub fn new(config: &MetricsConfig, now: Instant) -> Snapshots {
        let wanted = config.enabled && (config.output_rule || !config.output_file.as_os_str().is_empty());
        Snapshots {
            config: config.clone(),
            next: wanted.then(|| now + Duration::from_millis(config.interval)),
            previous: Previous::default(),
            samples: 0,
            complained: false,
        }
    }

    /// The configuration.
    pub fn config(&self) -> &MetricsConfig {
        &self.config
    }

    /// When the next one is due, if there is one.
    pub fn deadline(&self) -> Option<Instant> {
        self.next
    }

    /// True once it is due.
    pub fn is_due(&self, now: Instant) -> bool {
        self.next.is_some_and(|next| next <= now)
    }

    /// Takes one: appends it to the file, and gives the fields of the alert, if there is to be one.
    pub fn take(&mut self, figures: &Figures, now: Instant) -> Option<Vec<(String, FieldValue)>> {
        let found = fields(figures, &self.config, self.previous);
        self.previous = Previous::of(figures);
        self.samples += 1;
        self.next = Some(now + Duration::from_millis(self.config.interval));
        if !self.config.output_file.as_os_str().is_empty() {
            match self.append(&found) {
                Ok(()) => self.complained = false,
                Err(error) => {
                    if !std::mem::replace(&mut self.complained, true) {
                        log::error!("metrics.output_file: {}: {error}", self.config.output_file.display());
                    }
                }
            }
        }
        self.config.output_rule.then_some(found)
    }

    fn append(&self, fields: &[(String, FieldValue)]) -> io::Result<()> {
        let fields: serde_json::Map<String, serde_json::Value> =
            fields.iter().map(|(name, value)| (name.clone(), json(value))).collect();
        let line = serde_json::json!({"sample": self.samples, "output_fields": fields});
        let mut file = OpenOptions::new().append(true).create(true).mode(0o640).open(&self.config.output_file)?;
        file.write_all(format!("{line}\n").as_bytes())
    }
}

/// A field's value as JSON.
pub fn json(value: &FieldValue) -> serde_json::Value {
    match value {
        FieldValue::Null => serde_json::Value::Null,
        FieldValue::Bool(b) => (*b).into(),
        FieldValue::Int(n) => (*n).into(),
        FieldValue::Uint(n) => (*n).into(),
        FieldValue::Double(n) => (*n).into(),
        FieldValue::Str(text) => text.as_str().into(),
    }
}
