//! Whether what was given is what the table of keys allows, and turning it into what is merged.

use super::distance;
use super::expand::expand;
use super::keys::{Meaning, is_other_value, meaning, nearest, renamed};
use super::kind::{Kind, duration_ms};
use crate::document::{self, Content, Node};
use figment::value::{Dict, Value};
use kestrel_outputs::escape::line;
use std::collections::BTreeSet;

/// What was found while checking.
#[derive(Debug, Default)]
pub struct Findings {
    /// What is wrong, each with its place.
    pub errors: Vec<String>,
    /// Falco's keys that mean nothing here.
    pub elsewhere: Vec<String>,
    /// Variables of the environment that values name, and that are not set.
    pub unset: BTreeSet<String>,
}

/// A variable of the environment by its name.
pub type Variable<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Checks what one file or option gave.
pub struct Checker<'a> {
    /// Where a line and a column are.
    pub place: &'a dyn Fn(u64, u64) -> String,
    /// A variable of the environment; `None` where values are taken as they are.
    pub variable: Option<Variable<'a>>,
    /// What was found.
    pub findings: &'a mut Findings,
}

/// The message about a key that does not exist.
pub fn unknown(path: &str) -> String {
    did_you_mean(path, nearest(path))
}

fn did_you_mean(path: &str, near: Option<&str>) -> String {
    // Whatever was given, the message is one line.
    let path = line(path);
    match near {
        Some(near) => format!("unknown key {path}; did you mean {near}?"),
        None => format!("unknown key {path}"),
    }
}

impl Checker<'_> {
    /// Checks keys and values below `prefix` (with its dot, or empty); what is right is given back.
    pub fn section(&mut self, entries: &[(serde_saphyr::Spanned<String>, Node)], prefix: &str) -> Dict {
        let mut dict = Dict::new();
        for (key, node) in entries {
            let name = if prefix.is_empty() { renamed(&key.value) } else { None };
            let name = name.unwrap_or(&key.value);
            let path = format!("{prefix}{name}");
            let at = (self.place)(key.referenced.line(), key.referenced.column());
            if key.value.contains('.') {
                let nested = key.value.replace('.', ": {") + ": …" + &"}".repeat(key.value.matches('.').count());
                let message = format!("unknown key {path}: here keys are nested, as in {nested}");
                self.findings.errors.push(format!("{at}: {}", line(&message)));
                continue;
            }
            if name != key.value && entries.iter().any(|(other, _)| other.value == name) {
                let message = format!("{} is an older name of {name}, which is given too: keep {name}", key.value);
                self.findings.errors.push(format!("{at}: {message}"));
                continue;
            }
            let checked = match meaning(&path) {
                Meaning::Elsewhere => {
                    self.findings.elsewhere.push(path);
                    None
                }
                Meaning::Unknown => {
                    self.findings.errors.push(format!("{at}: {}", unknown(&path)));
                    None
                }
                Meaning::Section => match &node.value {
                    Content::Map(entries) => Some(self.section(entries, &format!("{path}.")).into()),
                    _ => self.wrong(node, &path, "keys and values"),
                },
                Meaning::Key(kind) => self.value(node, kind, &path),
            };
            if let Some(checked) = checked {
                dict.insert(name.to_owned(), checked);
            }
        }
        dict
    }

    /// Checks what was given for something of this kind.
    pub fn value(&mut self, node: &Node, kind: Kind, path: &str) -> Option<Value> {
        let content = match self.expanded(&node.value, kind) {
            Ok(content) => content,
            Err(message) => {
                let at = (self.place)(node.referenced.line(), node.referenced.column());
                self.findings.errors.push(format!("{at}: {path}: {message}"));
                return None;
            }
        };
        match (kind, &content) {
            (Kind::List(item), Content::List(nodes)) => {
                let good: Vec<Value> = nodes.iter().filter_map(|node| self.value(node, *item, path)).collect();
                (good.len() == nodes.len()).then(|| good.into())
            }
            (Kind::Record(fields), Content::Map(entries)) => self.record(entries, fields, path),
            (Kind::Texts, Content::Map(entries)) => self.texts(entries, path),
            (Kind::TextOr(other), content) if !matches!(content, Content::Text(_)) => {
                // The message is about both.
                match content {
                    Content::Map(_) => self.value(node, *other, path),
                    _ => self.wrong(node, path, &kind.expected()),
                }
            }
            (_, Content::Text(text)) if is_other_value(path, text) => {
                self.findings.elsewhere.push(format!("{path}: {text}"));
                None
            }
            (_, content) => scalar(content, kind).or_else(|| self.wrong(node, path, &kind.expected())),
        }
    }

    fn record(
        &mut self,
        entries: &[(serde_saphyr::Spanned<String>, Node)],
        fields: &[(&'static str, Kind)],
        path: &str,
    ) -> Option<Value> {
        let mut dict = Dict::new();
        let mut fine = true;
        for (key, node) in entries {
            let inner = format!("{path}.{}", key.value);
            let Some((_, kind)) = fields.iter().find(|(name, _)| *name == key.value) else {
                let near = fields.iter().map(|(name, _)| (distance(name, &key.value), *name)).min();
                let near = near.filter(|(distance, _)| *distance <= 3).map(|(_, name)| name);
                let at = (self.place)(key.referenced.line(), key.referenced.column());
                self.findings.errors.push(format!("{at}: {}", did_you_mean(&inner, near)));
                fine = false;
                continue;
            };
            match self.value(node, *kind, &inner) {
                Some(value) => drop(dict.insert(key.value.clone(), value)),
                None => fine = false,
            }
        }
        fine.then(|| dict.into())
    }

    /// Names with texts. Whether they are good names is another matter.
    fn texts(&mut self, entries: &[(serde_saphyr::Spanned<String>, Node)], path: &str) -> Option<Value> {
        let mut dict = Dict::new();
        for (key, node) in entries {
            let value = self.value(node, Kind::Text, &format!("{path}.{}", key.value));
            dict.extend(value.map(|value| (key.value.clone(), value)));
        }
        (dict.len() == entries.len()).then(|| dict.into())
    }

    /// With the variables of the environment in it. What is then no text any more, where no text is wanted, is read again.
    fn expanded(&mut self, content: &Content, kind: Kind) -> Result<Content, String> {
        let (Some(variable), Content::Text(text)) = (self.variable, content) else { return Ok(content.clone()) };
        if !text.contains("${") {
            return Ok(content.clone());
        }
        let text = expand(text, variable, &mut self.findings.unset);
        match kind {
            Kind::Text | Kind::TextOr(_) | Kind::Choice(_) => Ok(Content::Text(text)),
            _ => document::parse(&text).map(|node| node.value).map_err(|(_, message)| message),
        }
    }

    fn wrong<T>(&mut self, node: &Node, path: &str, expected: &str) -> Option<T> {
        let at = (self.place)(node.referenced.line(), node.referenced.column());
        let found = node.value.describe();
        self.findings.errors.push(format!("{at}: {}: expected {expected}, found {found}", line(path)));
        None
    }
}

/// What is in a mapping of one key, if it is one.
fn only(content: &Content) -> Option<(&str, &Content)> {
    match content {
        Content::Map(entries) => match entries.as_slice() {
            [(key, node)] => Some((&key.value, &node.value)),
            _ => None,
        },
        _ => None,
    }
}

/// What switches rules, if it is that: a mapping of one key to a mapping of one key.
fn switch(content: &Content) -> Option<Value> {
    let among = |content, names: [&str; 2]| only(content).filter(|(name, _)| names.contains(name));
    let (how, what) = among(content, ["enable", "disable"])?;
    let (by, name) = among(what, ["rule", "tag"])?;
    let Content::Text(name) = name else { return None };
    Some(Dict::from([(how.to_owned(), Dict::from([(by.to_owned(), name.as_str().into())]).into())]).into())
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
        (Kind::Duration(least), Content::Int(n)) => {
            u64::try_from(*n).ok().filter(|ms| *ms >= least && *ms <= MAX_MS).map(Value::from)
        }
        (Kind::Duration(least), Content::Text(text)) => {
            duration_ms(text).filter(|ms| *ms >= least && *ms <= MAX_MS).map(Value::from)
        }
        (Kind::Text | Kind::TextOr(_), Content::Text(text)) => Some(text.as_str().into()),
        (Kind::Switch, content) => switch(content),
        (Kind::Pair, content) => {
            let (name, Content::Text(text)) = only(content)? else { return None };
            Some(Dict::from([(name.to_owned(), text.as_str().into())]).into())
        }
        (Kind::Choice(words), Content::Text(text)) => {
            words.iter().find(|word| word.eq_ignore_ascii_case(text)).map(|word| (*word).into())
        }
        _ => None,
    }
}

/// A hundred years: longer than anything waits, and short enough to be added to a time.
const MAX_MS: u64 = 100 * 365 * 86_400_000;
