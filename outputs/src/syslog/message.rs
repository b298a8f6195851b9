//! An alert as a syslog message.
//!
//! * RFC 3164, as syslog(3) writes it for the local socket: `<34>Nov 14 22:13:20 kestrel[7]: text`. The local server adds the
//!   host name; over the network it stands before `kestrel`.
//! * RFC 5424: `<34>1 2023-11-14T22:13:20.000000Z host kestrel 7 alert [kestrel@32473 rule="…" priority="…" source="…"
//!   tags="a,b"][meta sequenceId="1"] text`. 32473 is the private enterprise number that RFC 5612 reserves for documentation:
//!   the project has none of its own. `sequenceId` (RFC 5424, 7.3.1) counts messages from 1 since the start, so that a server
//!   can tell which came twice. The text is UTF-8, without the mark (BOM) that would make it `MSG-UTF8`: most servers would
//!   take it for text.

use crate::config::SyslogFormat;
use crate::{Line, Priority, escape};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::io::Write;
use syslog::{Facility, LogFormat, Severity};

/// Bytes of a message, at most: what is beyond is cut off. RFC 5425 (4.3.1) wants servers to take 8192.
pub const MAX_BYTES: usize = 8192;

/// Bytes of a value of structured data, so that text is left room.
const MAX_VALUE: usize = 512;

/// Greatest `sequenceId` (RFC 5424, 7.3.1); then it begins at 1 again.
const MAX_SEQUENCE: u32 = 2_147_483_647;

/// How messages are written.
#[derive(Clone, Debug)]
pub struct Message {
    /// The facility.
    pub facility: Facility,
    /// Our process.
    pub pid: u32,
    /// The zone of RFC 3164's times.
    pub zone: TimeZone,
    /// Which of the two formats.
    pub format: SyslogFormat,
}

/// What goes where.
#[derive(Clone, Copy, Debug)]
pub enum To<'a> {
    /// To the local socket.
    Local(&'a Line),
    /// Over the network, as the message of this number, counted from 0.
    Network(&'a Line, u64),
}

impl Message {
    /// Writes a message, no longer than [`MAX_BYTES`].
    pub fn write(&self, to: To<'_>, out: &mut Vec<u8>) {
        let (To::Local(line) | To::Network(line, _)) = to;
        // Writing to memory cannot fail.
        let _ = self.format(out, severity(line.priority), to);
        let mut end = out.len().min(MAX_BYTES);
        // A character is whole or not there (10xxxxxx continues one).
        while end < out.len() && out[end] & 0xc0 == 0x80 {
            end -= 1;
        }
        out.truncate(end);
    }
}

impl LogFormat<To<'_>> for Message {
    fn format<W: Write>(&self, w: &mut W, severity: Severity, to: To<'_>) -> syslog::Result<()> {
        let priority = self.facility as u32 | severity as u32;
        let (To::Local(line) | To::Network(line, _)) = to;
        let time = Timestamp::from_nanosecond(i128::from(line.time_ns)).unwrap_or(Timestamp::MAX);
        let pid = self.pid;
        match (to, self.format) {
            (To::Network(line, number), SyslogFormat::Rfc5424) => {
                let time = time.strftime("%Y-%m-%dT%H:%M:%S.%6fZ");
                write!(w, "<{priority}>1 {time} {} kestrel {pid} alert [kestrel@32473", host(&line.hostname))?;
                parameter(w, "rule", &line.rule)?;
                parameter(w, "priority", line.priority.name())?;
                parameter(w, "source", &line.source)?;
                if !line.tags.is_empty() {
                    parameter(w, "tags", &line.tags.join(","))?;
                }
                let sequence = number % u64::from(MAX_SEQUENCE) + 1;
                write!(w, "][meta sequenceId=\"{sequence}\"] {}", line.text)?;
            }
            (to, _) => {
                let time = time.to_zoned_datetime(self.zone.clone());
                write!(w, "<{priority}>{} ", time.strftime("%b %e %H:%M:%S"))?;
                if let To::Network(line, _) = to {
                    write!(w, "{} ", host(&line.hostname))?;
                }
                write!(w, "kestrel[{pid}]: {}", line.text)?;
            }
        }
        Ok(())
    }
}

/// A host name as both formats take it: visible ASCII, at most 255 of it, `-` if nothing is left (RFC 5424, 6.2.4).
fn host(name: &str) -> String {
    let name: String = name.chars().filter(char::is_ascii_graphic).take(255).collect();
    if name.is_empty() { "-".to_owned() } else { name }
}

/// Writes a parameter of structured data; `"`, `\` and `]` get a backslash (RFC 5424, 6.3.3).
fn parameter(w: &mut impl Write, name: &str, value: &str) -> std::io::Result<()> {
    write!(w, " {name}=\"")?;
    let value = escape::line(value);
    let mut end = value.len().min(MAX_VALUE);
    while !value.is_char_boundary(end) {
        end -= 1;
    }
    for c in value[..end].chars() {
        if matches!(c, '"' | '\\' | ']') {
            write!(w, "\\")?;
        }
        write!(w, "{c}")?;
    }
    write!(w, "\"")
}

fn severity(priority: Priority) -> Severity {
    match priority {
        Priority::Emergency => Severity::LOG_EMERG,
        Priority::Alert => Severity::LOG_ALERT,
        Priority::Critical => Severity::LOG_CRIT,
        Priority::Error => Severity::LOG_ERR,
        Priority::Warning => Severity::LOG_WARNING,
        Priority::Notice => Severity::LOG_NOTICE,
        Priority::Informational => Severity::LOG_INFO,
        Priority::Debug => Severity::LOG_DEBUG,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn line(text: &str, rule: &str, tags: &[String]) -> Line {
        Line {
            text: text.to_owned(),
            priority: Priority::Critical,
            time_ns: 1_700_000_000_123_456_789,
            rule: rule.into(),
            source: "syscall".into(),
            tags: tags.to_vec().into(),
            hostname: "router 7".into(),
        }
    }

    fn message(format: SyslogFormat) -> Message {
        Message { facility: Facility::LOG_AUTH, pid: 7, zone: TimeZone::UTC, format }
    }

    fn written(format: SyslogFormat, to: To<'_>) -> String {
        let mut out = Vec::new();
        message(format).write(to, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_formats_are_those_of_the_rfcs() {
        let line =
            line("shadow read (file=/etc/shadow ✓)", "a \"rule\" [x] \\ \n", &["files".to_owned(), "é".to_owned()]);
        let all = [
            written(SyslogFormat::Rfc3164, To::Local(&line)),
            written(SyslogFormat::Rfc3164, To::Network(&line, 0)),
            written(SyslogFormat::Rfc5424, To::Network(&line, u64::from(MAX_SEQUENCE) + 1)),
        ];
        insta::assert_snapshot!(all.join("\n"), @r#"
        <34>Nov 14 22:13:20 kestrel[7]: shadow read (file=/etc/shadow ✓)
        <34>Nov 14 22:13:20 router7 kestrel[7]: shadow read (file=/etc/shadow ✓)
        <34>1 2023-11-14T22:13:20.123456Z router7 kestrel 7 alert [kestrel@32473 rule="a \"rule\" [x\] \\ \\n" priority="Critical" source="syscall" tags="files,é"][meta sequenceId="2"] shadow read (file=/etc/shadow ✓)
        "#);
    }

    /// Reads structured data as RFC 5424 describes it, character by character: elements, each with its parameters.
    fn structured(text: &str) -> Option<(Vec<(String, String)>, &str)> {
        let mut parameters = Vec::new();
        let mut rest = text;
        while let Some(inside) = rest.strip_prefix('[') {
            rest = &inside[inside.find([' ', ']'])?..];
            while let Some(parameter) = rest.strip_prefix(' ') {
                let (name, quoted) = parameter.split_once("=\"")?;
                let mut value = String::new();
                let mut chars = quoted.char_indices();
                loop {
                    match chars.next()? {
                        (_, '\\') => value.push(chars.next()?.1),
                        (at, '"') => {
                            rest = &quoted[at + 1..];
                            break;
                        }
                        (_, ']') => return None,
                        (_, c) => value.push(c),
                    }
                }
                parameters.push((name.to_owned(), value));
            }
            rest = rest.strip_prefix(']')?;
        }
        Some((parameters, rest))
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

        #[test]
        fn whatever_a_rule_is_called_the_structured_data_reads_back(
            rule in any::<String>(), tags in prop::collection::vec("[^,]{0,9}", 0..4), text in "[ -~é]{0,30}"
        ) {
            let line = line(&text, &rule, &tags);
            let message = written(SyslogFormat::Rfc5424, To::Network(&line, 4));
            prop_assert!(!message.contains(escape::is_unsafe));
            let data = &message[message.find('[').unwrap()..];
            let (parameters, rest) = structured(data).expect("structured data");
            prop_assert_eq!(rest, format!(" {text}"));
            let value = |name: &str| parameters.iter().find(|(n, _)| n == name).map(|(_, value)| value.clone());
            prop_assert!(escape::line(&rule).starts_with(&value("rule").unwrap()));
            prop_assert_eq!(value("sequenceId").unwrap(), "5");
            prop_assert_eq!(value("tags").is_some(), !tags.is_empty());
        }

        #[test]
        fn a_message_is_bounded_and_stays_utf8(text in "[aé✓]{0,300}", times in 0usize..40, format in prop::sample::select(vec![SyslogFormat::Rfc3164, SyslogFormat::Rfc5424])) {
            let text = text.repeat(times);
            let line = line(&text, &"r\\".repeat(5000), &["]".repeat(9000)]);
            let message = written(format, To::Network(&line, 0));
            prop_assert!(message.len() <= MAX_BYTES);
            let whole = message.len() < MAX_BYTES - 3;
            prop_assert!(!whole || message.ends_with(&text));
        }
    }
}
