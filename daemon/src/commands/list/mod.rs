//! What there is: fields, events; for people, for pages and for programs.
//!
//! | file | lists |
//! |---|---|
//! | `fields.rs` | `--list` |
//! | `events.rs` | `--list-events` |

mod events;
mod fields;

use super::{Failure, print};
use crate::cli::ListFormat;
use kestrel_rules::{FIELDS, FieldDef, FieldSource};
use serde::Serialize;

/// `--list`: the fields of a source, or of all; only their names with `-N`.
///
/// # Errors
/// [`Failure::Usage`] if there is no such source; [`Failure::Stdout`].
pub fn fields(source: &str, names: bool, format: ListFormat) -> Result<(), Failure> {
    let wanted = match source {
        "" => FieldSource::Any,
        name => FieldSource::by_name(name).ok_or_else(|| no_source(name))?,
    };
    let fields: Vec<&FieldDef> = FIELDS.iter().filter(|def| def.source().covers(wanted)).collect();
    let text = match (names, format) {
        (true, ListFormat::Text) => fields::names(&fields),
        (true, ListFormat::Markdown) => fields::names_markdown(&fields),
        (true, ListFormat::Json) => json(&fields.iter().map(|def| def.name).collect::<Vec<_>>()),
        (false, ListFormat::Text) => fields::text(&fields),
        (false, ListFormat::Markdown) => fields::markdown(&fields),
        (false, ListFormat::Json) => json(&fields::described(&fields)),
    };
    print(format_args!("{}", text.trim_end()))
}

/// `--list-events`: the events that the kernel module records.
///
/// # Errors
/// [`Failure::Stdout`].
pub fn events(format: ListFormat) -> Result<(), Failure> {
    let text = match format {
        ListFormat::Text => events::text(),
        ListFormat::Markdown => events::markdown(),
        ListFormat::Json => json(&events::described()),
    };
    print(format_args!("{}", text.trim_end()))
}

fn no_source(name: &str) -> Failure {
    let names: Vec<&str> = FieldSource::ALL.iter().filter_map(|source| source.name()).collect();
    Failure::Usage(format!("there is no source {name} of fields: expected {}", names.join(" or ")))
}

/// As JSON over several lines.
fn json(value: &impl Serialize) -> String {
    // Writing names and texts to memory cannot fail.
    serde_json::to_string_pretty(value).unwrap_or_default()
}

/// A text in a cell of a Markdown table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}
