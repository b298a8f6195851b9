//! What a file is, in lines.

use crate::recording::{Machine, Reader, RecordingError};
use jiff::Timestamp;
use std::fmt::Write;
use std::io::{Read, Seek};

/// What a recording is.
pub fn recording<R: Read + Seek>(reader: &mut Reader<R>) -> Result<String, RecordingError> {
    let index = reader.index()?;
    let (opening, unknown) = (reader.opening(), reader.unknown_events());
    let machine = &opening.machine;
    let mut text = String::new();
    // Writing to memory cannot fail.
    let _ = writeln!(text, "recording of kestrel {}, {} bytes, part {}", opening.writer, reader.len(), opening.part);
    let _ = writeln!(text, "machine: {}, Linux {}, {} CPUs", machine.hostname, machine.kernel, machine.cpus);
    let _ = writeln!(text, "booted: {}", time(machine.boot_ns));
    if !opening.condition.is_empty() {
        let _ = writeln!(text, "condition: {}", opening.condition);
    }
    if !unknown.is_empty() {
        let _ = writeln!(text, "events that this kestrel does not know: {}", unknown.join(", "));
    }
    match index {
        Some(index) => {
            let records = index.iter().fold(0_u64, |sum, entry| sum.saturating_add(entry.count));
            let _ = writeln!(text, "records: {records}");
            if let (Some(first), Some(last)) =
                (index.iter().map(|entry| entry.first_ns).min(), index.iter().map(|entry| entry.last_ns).max())
            {
                let _ = writeln!(text, "first: {}", time(first));
                let _ = writeln!(text, "last: {}", time(last));
            }
        }
        None => text.push_str("it has no index: whoever recorded it was interrupted, or still records\n"),
    }
    Ok(text)
}

/// What a capture is.
pub fn capture(machine: &Machine, bytes: u64) -> String {
    let mut text =
        format!("capture of falco or sysdig, {bytes} bytes\nmachine: {}, {} CPUs\n", machine.hostname, machine.cpus);
    if machine.boot_ns > 0 {
        let _ = writeln!(text, "booted: {}", time(machine.boot_ns));
    }
    text
}

fn time(ns: u64) -> String {
    Timestamp::from_nanosecond(i128::from(ns)).map_or_else(|_| format!("{ns} ns"), |time| time.to_string())
}
