//! What was given outside files: `-o key=value`, and variables of the environment.

use super::check::{self, Checker, Findings};
use super::keys::{Meaning, meaning, nearest, renamed};
use super::kind::Kind;
use super::path::{self, Step};
use crate::document::{self, Content};
use figment::value::{Dict, Value};
use kestrel_outputs::escape::line;

/// One key, or a part of one, that was set.
#[derive(Debug, PartialEq)]
pub struct Setting {
    /// What was given, for messages.
    pub place: String,
    /// Where the value belongs.
    pub steps: Vec<Step>,
    /// The value.
    pub value: Value,
}

/// Reads an option: `key=value`, `section.key=value`, `list[]=item`, `list[].key.key=value`, `section={key: value}`.
pub fn option(option: &str, findings: &mut Findings) -> Option<Setting> {
    let place = format!("-o {}", line(option));
    let Some((key, text)) = option.split_once('=') else {
        findings.errors.push(format!("{place}: expected key=value, such as -o json_output=true"));
        return None;
    };
    let key = key.trim();
    if let Some((list, within)) = key.split_once("[].")
        && matches!(meaning(list), Meaning::Key(Kind::List(Kind::Switch)))
        && within.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'.')
    {
        // `rules[].disable.rule=name` is Falco's way to write `rules[]={disable: {rule: name}}`.
        let quoted = serde_json::Value::from(text).to_string();
        let item = within.rsplit('.').fold(quoted, |inner, key| format!("{{{key}: {inner}}}"));
        let steps = path::parse(&format!("{list}[]")).ok()?;
        return set(steps, &item, place, findings);
    }
    let steps = match path::parse(key) {
        Ok(mut steps) => {
            if let Some(Step::Name(name)) = steps.first_mut()
                && let Some(now) = renamed(name)
            {
                now.clone_into(name);
            }
            steps
        }
        Err(message) => {
            findings.errors.push(format!("{place}: {message}"));
            return None;
        }
    };
    set(steps, text, place, findings)
}

/// Reads a variable of the environment: `KESTREL_FILE_OUTPUT__ENABLED=true`. `None` for one that names no key: service
/// managers and orchestrators set variables of their own (`KESTREL_SERVICE_HOST`), so that is said, but is no error.
pub fn variable(name: &str, text: &str, findings: &mut Findings, warnings: &mut Vec<String>) -> Option<Setting> {
    let path = name.strip_prefix("KESTREL_")?.to_ascii_lowercase().replace("__", ".");
    let path = renamed(&path).map_or(path, str::to_owned);
    match meaning(&path) {
        Meaning::Key(_) => {
            let steps = path.split('.').map(|name| Step::Name(name.to_owned())).collect();
            set(steps, text, format!("environment: {name}"), findings)
        }
        _ => {
            let hint = nearest(&path).map_or_else(String::new, |near| {
                format!("; did you mean KESTREL_{}?", near.to_ascii_uppercase().replace('.', "__"))
            });
            warnings.push(format!("environment: {} sets no key, and is ignored{hint}", line(name)));
            None
        }
    }
}

/// What a path leads to: the name of the key, and what the value must be.
enum Target {
    Of(String, Kind),
    Section(String),
    Elsewhere(String),
}

/// Follows a path through the table.
fn target(steps: &[Step]) -> Result<Target, String> {
    let names = steps.iter().take_while(|step| matches!(step, Step::Name(_))).count();
    // The longest part of the path that is a key; what is behind it is a part of its value.
    for split in (1..=names).rev() {
        let key = path::text(&steps[..split]);
        let rest = &steps[split..];
        match meaning(&key) {
            Meaning::Key(kind) => return inside(kind, key, rest),
            Meaning::Section if rest.is_empty() => return Ok(Target::Section(key)),
            Meaning::Section if !matches!(rest[0], Step::Name(_)) => return Err(format!("{key} is not a list")),
            Meaning::Section => return Err(check::unknown(&path::text(&steps[..=split]))),
            Meaning::Elsewhere => return Ok(Target::Elsewhere(key)),
            Meaning::Unknown => {}
        }
    }
    Err(check::unknown(&path::text(&steps[..names.max(1)])))
}

fn inside(mut kind: Kind, mut key: String, rest: &[Step]) -> Result<Target, String> {
    for step in rest {
        kind = match (step, kind) {
            (Step::Index(_) | Step::Append, Kind::List(item)) => *item,
            (Step::Index(_) | Step::Append, _) => return Err(format!("{} is not a list", line(&key))),
            (Step::Name(name), kind) => kind.field(name).ok_or_else(|| check::unknown(&format!("{key}.{name}")))?,
        };
        if let Step::Name(name) = step {
            key = format!("{key}.{name}");
        }
    }
    Ok(Target::Of(key, kind))
}

fn set(steps: Vec<Step>, text: &str, place: String, findings: &mut Findings) -> Option<Setting> {
    let (path, kind) = match target(&steps) {
        Ok(Target::Of(path, kind)) => (path, Some(kind)),
        Ok(Target::Section(path)) => (path, None),
        Ok(Target::Elsewhere(path)) => {
            findings.elsewhere.push(path);
            return None;
        }
        Err(message) => {
            findings.errors.push(format!("{place}: {message}"));
            return None;
        }
    };
    let unknown = serde_saphyr::Location::UNKNOWN;
    let spanned = |content| serde_saphyr::Spanned::new(content, unknown, unknown);
    let content = match kind {
        // What is text anyway is not read as YAML: a command line may look like anything.
        Some(Kind::Text | Kind::Choice(_)) => Ok(Content::Text(text.to_owned())),
        Some(Kind::TextOr(_)) if !text.trim_start().starts_with('{') => Ok(Content::Text(text.to_owned())),
        Some(Kind::List(item)) if !text.trim_start().starts_with('[') => match item {
            Kind::Switch | Kind::Record(_) => document::parse(text).map(|node| Content::List(vec![node])),
            Kind::TextOr(_) if text.trim_start().starts_with('{') => {
                document::parse(text).map(|node| Content::List(vec![node]))
            }
            _ => Ok(Content::List(vec![spanned(Content::Text(text.to_owned()))])),
        },
        _ => document::parse(text).map(|node| node.value),
    };
    let content = match content {
        Ok(content) => content,
        Err((_, message)) => {
            findings.errors.push(format!("{place}: {message}"));
            return None;
        }
    };
    let node = spanned(content);
    let here = |_, _| place.clone();
    // The shell put its variables in already.
    let mut checker = Checker { place: &here, variable: None, findings };
    let value = match (kind, &node.value) {
        (Some(kind), _) => checker.value(&node, kind, &path)?,
        (None, Content::Map(entries)) => Dict::into(checker.section(entries, &format!("{path}."))),
        (None, other) => {
            let message = format!("{place}: {path}: expected keys and values, found {}", other.describe());
            checker.findings.errors.push(message);
            return None;
        }
    };
    Some(Setting { place, steps, value })
}
