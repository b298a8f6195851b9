//! Whether what was given is what the table of keys allows, and turning it into what is merged.

use super::keys::{Kind, Meaning, meaning, nearest};
use crate::document::{Content, Node};
use figment::value::{Dict, Value};
use kestrel_outputs::escape::line;

/// What was found while checking.
#[derive(Debug, Default)]
pub struct Findings {
    /// What is wrong, each with its place.
    pub errors: Vec<String>,
    /// Falco's keys that mean nothing here.
    pub elsewhere: Vec<String>,
}

/// Checks keys and values below `prefix` (with its dot, or empty). `place` says where a line and column are; what is right
/// is given back.
pub fn section(
    entries: &[(serde_saphyr::Spanned<String>, Node)],
    prefix: &str,
    place: &dyn Fn(u64, u64) -> String,
    findings: &mut Findings,
) -> Dict {
    let mut dict = Dict::new();
    for (key, node) in entries {
        let path = format!("{prefix}{}", key.value);
        let at = || place(key.referenced.line(), key.referenced.column());
        if key.value.contains('.') {
            let nested = key.value.replace('.', ": {") + ": …" + &"}".repeat(key.value.matches('.').count());
            let message = format!("unknown key {path}: here keys are nested, as in {nested}");
            findings.errors.push(format!("{}: {}", at(), line(&message)));
            continue;
        }
        let checked = match meaning(&path) {
            Meaning::Elsewhere => {
                findings.elsewhere.push(path);
                None
            }
            Meaning::Unknown => {
                findings.errors.push(format!("{}: {}", at(), unknown(&path)));
                None
            }
            Meaning::Section | Meaning::Key(_) => value(node, &path, place, findings),
        };
        if let Some(checked) = checked {
            dict.insert(key.value.clone(), checked);
        }
    }
    dict
}

/// The message about a key that does not exist.
pub fn unknown(path: &str) -> String {
    let near = nearest(path);
    // Whatever was given, the message is one line.
    let path = line(path);
    match near {
        Some(near) => format!("unknown key {path}; did you mean {near}?"),
        None => format!("unknown key {path}"),
    }
}

/// Checks what was given for a key or a section.
pub fn value(node: &Node, path: &str, place: &dyn Fn(u64, u64) -> String, findings: &mut Findings) -> Option<Value> {
    let mut wrong = |node: &Node, expected: &str| {
        let at = place(node.referenced.line(), node.referenced.column());
        let found = node.value.describe();
        findings.errors.push(format!("{at}: {path}: expected {expected}, found {found}"));
        None
    };
    match (meaning(path), &node.value) {
        (Meaning::Key(Kind::List(item)), Content::List(nodes)) => {
            let mut good = Vec::new();
            for node in nodes {
                good.extend(scalar(&node.value, *item).or_else(|| wrong(node, &item.expected())));
            }
            (good.len() == nodes.len()).then(|| good.into())
        }
        (Meaning::Key(kind), value) => scalar(value, kind).or_else(|| wrong(node, &kind.expected())),
        (_, Content::Map(entries)) => Some(section(entries, &format!("{path}."), place, findings).into()),
        _ => wrong(node, "keys and values"),
    }
}

/// What switches rules, if it is that: a mapping of one key to a mapping of one key.
fn switch(content: &Content) -> Option<Value> {
    let only = |content: &Content, names: &[&str]| match content {
        Content::Map(entries) => match entries.as_slice() {
            [(key, node)] if names.contains(&key.value.as_str()) => Some((key.value.clone(), node.value.clone())),
            _ => None,
        },
        _ => None,
    };
    let (how, what) = only(content, &["enable", "disable"])?;
    let (by, name) = only(&what, &["rule", "tag"])?;
    let Content::Text(name) = name else { return None };
    Some(Dict::from([(how, Dict::from([(by, name.into())]).into())]).into())
}

/// The value, if it is of this kind.
fn scalar(content: &Content, kind: Kind) -> Option<Value> {
    match (kind, content) {
        (Kind::Bool, Content::Bool(b)) => Some((*b).into()),
        (Kind::Count(least, most), Content::Int(n)) => {
            u64::try_from(*n).ok().filter(|n| (least..=most).contains(n)).map(Value::from)
        }
        (Kind::Ratio, Content::Float(n)) => (n.is_finite() && *n >= 0.0).then(|| (*n).into()),
        (Kind::Ratio, Content::Int(n)) => (*n >= 0).then(|| (*n as f64).into()),
        (Kind::Text, Content::Text(text)) => Some(text.as_str().into()),
        (Kind::Switch, content) => switch(content),
        (Kind::Choice(words), Content::Text(text)) => {
            words.iter().find(|word| word.eq_ignore_ascii_case(text)).map(|word| (*word).into())
        }
        _ => None,
    }
}
