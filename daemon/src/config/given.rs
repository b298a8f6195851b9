//! What was given outside files: `-o key=value`, and variables of the environment.

use super::check::{self, Findings};
use super::keys::{Kind, Meaning, meaning, nearest};
use crate::document::{self, Content};
use figment::value::{Dict, Value};
use kestrel_outputs::escape::line;

/// One key that was set.
#[derive(Debug, PartialEq)]
pub struct Setting {
    /// The key with its value.
    pub dict: Dict,
    /// Items are added to the list that is there (`-o list[]=item`), instead of replacing it.
    pub append: bool,
}

/// Reads an option: `key=value`, `section.key=value`, `list[]=item`, `list[].key.key=value`, `section={key: value}`.
pub fn option(option: &str, findings: &mut Findings) -> Option<Setting> {
    let place = format!("-o {}", line(option));
    let Some((key, text)) = option.split_once('=') else {
        findings.errors.push(format!("{place}: expected key=value, such as -o json_output=true"));
        return None;
    };
    let key = key.trim();
    if let Some((path, within)) = key.split_once("[].")
        && matches!(meaning(path), Meaning::Key(Kind::List(Kind::Switch)))
        && within.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'.')
    {
        // `rules[].disable.rule=name` is Falco's way to write `rules[]={disable: {rule: name}}`.
        let quoted = serde_json::Value::from(text).to_string();
        let item = within.rsplit('.').fold(quoted, |inner, key| format!("{{{key}: {inner}}}"));
        return set(path, &item, &place, findings).map(|dict| Setting { dict, append: true });
    }
    let (path, append) = match key.strip_suffix("[]") {
        Some(path) => (path, true),
        None => (key, false),
    };
    if append && !matches!(meaning(path), Meaning::Key(Kind::List(_))) {
        findings.errors.push(format!("{place}: {} is not a list", line(path)));
        return None;
    }
    set(path, text, &place, findings).map(|dict| Setting { dict, append })
}

/// Reads a variable of the environment: `KESTREL_FILE_OUTPUT__ENABLED=true`. `None` for one that names no key: service
/// managers and orchestrators set variables of their own (`KESTREL_SERVICE_HOST`), so that is said, but is no error.
pub fn variable(name: &str, text: &str, findings: &mut Findings, warnings: &mut Vec<String>) -> Option<Dict> {
    let path = name.strip_prefix("KESTREL_")?.to_ascii_lowercase().replace("__", ".");
    match meaning(&path) {
        Meaning::Key(_) => set(&path, text, &format!("environment: {name}"), findings),
        _ => {
            let hint = nearest(&path).map_or_else(String::new, |near| {
                format!("; did you mean KESTREL_{}?", near.to_ascii_uppercase().replace('.', "__"))
            });
            warnings.push(format!("environment: {} sets no key, and is ignored{hint}", line(name)));
            None
        }
    }
}

fn set(path: &str, text: &str, place: &str, findings: &mut Findings) -> Option<Dict> {
    let meaning = meaning(path);
    let content = match meaning {
        Meaning::Elsewhere => {
            findings.elsewhere.push(path.to_owned());
            return None;
        }
        Meaning::Unknown => {
            findings.errors.push(format!("{place}: {}", check::unknown(path)));
            return None;
        }
        // What is text anyway is not read as YAML: a command line may look like anything.
        Meaning::Key(Kind::Text | Kind::Choice(_)) => Ok(Content::Text(text.to_owned())),
        Meaning::Key(Kind::List(item)) if !text.trim_start().starts_with('[') => {
            let unknown = serde_saphyr::Location::UNKNOWN;
            let one = |content| Content::List(vec![serde_saphyr::Spanned::new(content, unknown, unknown)]);
            match item {
                Kind::Switch => document::parse(text).map(|node| one(node.value)),
                _ => Ok(one(Content::Text(text.to_owned()))),
            }
        }
        Meaning::Key(_) | Meaning::Section => document::parse(text).map(|node| node.value),
    };
    let content = match content {
        Ok(content) => content,
        Err((_, message)) => {
            findings.errors.push(format!("{place}: {message}"));
            return None;
        }
    };
    let unknown = serde_saphyr::Location::UNKNOWN;
    let node = serde_saphyr::Spanned::new(content, unknown, unknown);
    let value = check::value(&node, path, &|_, _| place.to_owned(), findings)?;
    Some(nested(path, value))
}

/// `a.b` and a value as `{a: {b: value}}`.
fn nested(path: &str, value: Value) -> Dict {
    match path.split_once('.') {
        Some((section, rest)) => Dict::from([(section.to_owned(), nested(rest, value).into())]),
        None => Dict::from([(path.to_owned(), value)]),
    }
}
