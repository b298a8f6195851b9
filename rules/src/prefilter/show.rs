//! A program, readable.

use super::{EventFilter, GivenUp, Kept, Prefilter};
use kestrel_core::filter::build::{Condition, Is, Operand};
use kestrel_core::filter::{Load, Part, Scope, is_judged};
use kestrel_core::schema::{self, EventId, EventSet};
use std::net::IpAddr;

/// Entries of a set that are shown.
const SHOWN: usize = 4;
/// Bytes of a text that are shown.
const SHOWN_BYTES: usize = 64;

/// In a few words.
pub fn summary(filter: &Prefilter) -> String {
    if !filter.counting.is_empty() {
        return format!("every event is kept: {} asks how many there were, or when", filter.counting[0]);
    }
    let count = |wanted: fn(&Kept) -> bool| filter.events.iter().filter(|event| wanted(&event.kept)).count();
    let judged = count(|kept| matches!(kept, Kept::If(..)));
    let never = count(|kept| *kept == Kept::Never);
    let always = count(|kept| *kept == Kept::Always);
    let mut text = format!(
        "{judged} kinds of events are judged in the kernel, {always} all kept, {never} all rejected, by {} bytes",
        filter.program().len()
    );
    for level in GivenUp::ALL {
        let names: Vec<&str> = filter
            .events
            .iter()
            .filter(|event| event.given_up.max(filter.given_up) == Some(level))
            .map(|event| name(event.event))
            .collect();
        if !names.is_empty() {
            text.push_str(&format!("; too much to ask, {} of: {}", level.name(), names.join(", ")));
        }
    }
    text
}

/// All of it, or what concerns these events.
pub fn lines(filter: &Prefilter, only: &EventSet) -> Vec<String> {
    let mut lines = vec![summary(filter)];
    if filter.counting.len() > 1 {
        lines.push(format!("rules that ask so: {}", filter.counting.join(", ")));
    }
    for event in filter.events.iter().filter(|event| only.contains(event.event)) {
        lines.push(String::new());
        of_event(event, &mut lines);
    }
    lines
}

fn of_event(filter: &EventFilter, lines: &mut Vec<String>) {
    let failed = if is_judged(filter.event, false) { "" } else { ", of those that failed" };
    let name = format!("{}{failed}", name(filter.event));
    lines.push(match &filter.kept {
        Kept::Always => format!("{name}: always kept"),
        Kept::Never => format!("{name}: always rejected, no rule can match it"),
        Kept::If(_, tests) => format!("{name}: kept if ({tests} test{})", if *tests == 1 { "" } else { "s" }),
    });
    if let Kept::If(condition, _) = &filter.kept {
        tree(filter.event, condition, false, 2, lines);
    }
    if let Some(level) = filter.given_up {
        lines.push(format!("  too much to ask: {}", level.name()));
    }
    let able = || filter.rules.iter().filter(|need| need.when != Condition::Never);
    if able().next().is_some() {
        lines.push("  for these rules:".to_owned());
    }
    for need in able() {
        let always = if need.when == Condition::Always { ", which needs every one" } else { "" };
        lines.push(format!("    {}{always}", need.rule));
        if !need.unknown.is_empty() {
            let fields: Vec<String> = need.unknown.iter().map(ToString::to_string).collect();
            lines.push(format!("      not decided in the kernel, or in part: {}", fields.join(", ")));
        }
    }
    let never = filter.rules.iter().filter(|need| need.when == Condition::Never);
    never.for_each(|need| lines.push(format!("    {} cannot match it", need.rule)));
}

fn tree(event: EventId, condition: &Condition, negated: bool, indent: usize, lines: &mut Vec<String>) {
    let space = " ".repeat(indent);
    let not = if negated { "not " } else { "" };
    match condition {
        Condition::Test(what, is) => lines.push(format!("{space}{not}{}", test(event, *what, is))),
        Condition::Not(inner) => tree(event, inner, !negated, indent, lines),
        Condition::All(parts) | Condition::Any(parts) => {
            let word = if matches!(condition, Condition::All(_)) { "all of" } else { "any of" };
            lines.push(format!("{space}{not}{word}"));
            parts.iter().for_each(|part| tree(event, part, false, indent + 2, lines));
        }
        Condition::Always => lines.push(format!("{space}{not}always")),
        Condition::Never => lines.push(format!("{space}{not}never")),
        Condition::Unknown => lines.push(format!("{space}{not}unknown")),
    }
}

fn name(event: EventId) -> &'static str {
    schema::get(event).map_or("?", |event| event.name)
}

/// A test, as a line.
fn test(event: EventId, what: Operand, is: &Is) -> String {
    if what.load == Load::Flags && *is == Is::AnyBits(1) {
        return "failed".to_owned();
    }
    let what = operand(event, what);
    match is {
        Is::There => format!("{what} is there"),
        Is::Equal(n) => format!("{what} = {}", number(*n)),
        Is::Below(n) => format!("{what} < {n}"),
        Is::AtMost(n) => format!("{what} <= {n}"),
        Is::BelowSigned(n) => format!("{what} < {n}"),
        Is::AtMostSigned(n) => format!("{what} <= {n}"),
        Is::AllBits(bits) => format!("{what} has all bits of {bits:#x}"),
        Is::AnyBits(bits) => format!("{what} has a bit of {bits:#x}"),
        Is::Masked { mask, value } => format!("{what} & {mask:#x} = {value:#x}"),
        Is::Among(numbers) => format!("{what} in {}", set(numbers, |n| number(*n))),
        Is::Text(text) => format!("{what} = {}", quoted(text)),
        Is::Prefix(text) => format!("{what} begins with {}", quoted(text)),
        Is::Suffix(text) => format!("{what} ends with {}", quoted(text)),
        Is::Contains(text) => format!("{what} contains {}", quoted(text)),
        Is::Glob(text) => format!("{what} matches {}", quoted(text)),
        Is::TextAmong(texts) => format!("{what} in {}", set(texts, |text| quoted(text))),
        Is::PrefixAmong(texts) => format!("{what} begins with one of {}", set(texts, |text| quoted(text))),
        Is::PathPrefixAmong(texts) => format!("{what} is or lies below {}", set(texts, |text| quoted(text))),
        Is::InNetworks(networks) => {
            format!("{what} in {}", set(networks, |(ip, bits): &(IpAddr, u8)| format!("{ip}/{bits}")))
        }
    }
}

fn number(n: u64) -> String {
    // What is near the end of 64 bits is a negative number.
    if n > u64::MAX - 4096 { n.cast_signed().to_string() } else { n.to_string() }
}

fn quoted(text: &[u8]) -> String {
    let cut = text.get(..SHOWN_BYTES);
    format!("\"{}\"{}", cut.unwrap_or(text).escape_ascii(), if cut.is_some() { "…" } else { "" })
}

/// The first entries of a set, and how many there are.
fn set<T: Ord>(entries: &[T], show: impl Fn(&T) -> String) -> String {
    let mut sorted: Vec<&T> = entries.iter().collect();
    sorted.sort_unstable();
    sorted.dedup();
    let mut shown: Vec<String> = sorted.iter().take(SHOWN).map(|entry| show(entry)).collect();
    if sorted.len() > SHOWN {
        shown.push(format!("… {} in all", sorted.len()));
    }
    format!("({})", shown.join(", "))
}

/// What is looked at.
fn operand(event: EventId, what: Operand) -> String {
    let load = what.load.name();
    let name = match what.load.scope() {
        // A parameter may be called `name`.
        Scope::Event => match what.load {
            Load::ProcessName => "proc.name".to_owned(),
            Load::AncestorName if what.param == 0 => "proc.aname".to_owned(),
            Load::AncestorName => format!("proc.aname[{}]", what.param),
            _ => load.to_lowercase(),
        },
        Scope::Param => {
            let param = schema::get(event).and_then(|event| event.params.get(usize::from(what.param)));
            let param = param.map_or("?", |param| param.name);
            match what.load {
                Load::Number | Load::String => param.to_owned(),
                Load::FdNumber => format!("number({param})"),
                _ => format!("{load}({param})"),
            }
        }
    };
    match what.part {
        Part::Whole => name,
        Part::Directory => format!("folder of {name}"),
        Part::Name => format!("last name of {name}"),
    }
}
