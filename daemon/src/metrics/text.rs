//! Both text forms: Prometheus' 0.0.4 (<https://prometheus.io/docs/instrumenting/exposition_formats/>) and OpenMetrics 1.0
//! (<https://github.com/prometheus/OpenMetrics/blob/v1.0.0/specification/OpenMetrics.md>).

use super::figures::Figures;
use super::labelled::families;
use super::table::{Number, TABLE, Type, Unit};
use crate::config::MetricsConfig;
use std::fmt::Write;

/// A text form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Prometheus' own.
    Prometheus,
    /// OpenMetrics.
    OpenMetrics,
}

impl Form {
    /// The form for a client that accepts this (RFC 9110, 12.5.1): OpenMetrics if it likes that at least as much.
    pub fn accepted(accept: &str) -> Form {
        let mut open = 0.0;
        let mut plain: f32 = 0.0;
        for item in accept.split(',') {
            let mut parts = item.split(';').map(str::trim);
            let kind = parts.next().unwrap_or_default().to_ascii_lowercase();
            let quality = parts.find_map(|part| part.strip_prefix("q=")).map_or(1.0, |q| q.parse().unwrap_or(0.0));
            match kind.as_str() {
                "application/openmetrics-text" => open = f32::max(open, quality),
                "text/plain" | "text/*" | "*/*" => plain = plain.max(quality),
                _ => {}
            }
        }
        if open > 0.0 && open >= plain { Form::OpenMetrics } else { Form::Prometheus }
    }

    /// Its media type.
    pub fn content_type(self) -> &'static str {
        match self {
            Form::Prometheus => "text/plain; version=0.0.4; charset=utf-8",
            Form::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }

    fn head(self, out: &mut String, name: &str, kind: Type, is_info: bool, help: &str) {
        let word = match (self, kind, is_info) {
            (Form::OpenMetrics, _, true) => "info",
            (_, Type::Counter, _) => "counter",
            (_, Type::Gauge, _) => "gauge",
        };
        // OpenMetrics adds the ending to the samples itself.
        let family = match (self, kind, is_info) {
            (Form::OpenMetrics, Type::Counter, _) => name.strip_suffix("_total").unwrap_or(name),
            (Form::OpenMetrics, _, true) => name.strip_suffix("_info").unwrap_or(name),
            _ => name,
        };
        // Writing to memory cannot fail.
        let _ = write!(out, "# HELP {family} {help}\n# TYPE {family} {word}\n");
    }
}

/// Writes all figures that the configuration wants.
pub fn text(figures: &Figures, config: &MetricsConfig, form: Form) -> String {
    let mut out = String::with_capacity(16 << 10);
    for family in families(figures, config).iter().filter(|family| !family.samples.is_empty()) {
        form.head(&mut out, family.name, family.kind, family.is_info, family.help);
        for sample in &family.samples {
            out.push_str(family.name);
            for (n, (name, value)) in sample.labels.iter().enumerate() {
                let _ = write!(out, "{}{name}=\"{}\"", if n == 0 { '{' } else { ',' }, escaped(value));
            }
            let _ = writeln!(out, "}} {}", sample.value);
        }
    }
    for row in TABLE.iter().filter(|row| row.category.is_on(config)) {
        let Some(value) = (row.value)(figures) else { continue };
        form.head(&mut out, row.name, row.kind, false, row.help);
        let _ = match (value, row.unit) {
            (Number::Whole(n), _) => writeln!(out, "{} {n}", row.name),
            (Number::Fraction(n), Unit::Percent) => writeln!(out, "{} {}", row.name, n / 100.0),
            (Number::Fraction(n), _) => writeln!(out, "{} {n}", row.name),
        };
    }
    if form == Form::OpenMetrics {
        out.push_str("# EOF\n");
    }
    out
}

/// A label's value: both forms have the same escapes.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
