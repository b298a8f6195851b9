//! The keys `override` and `append`: which keys of an item change what there is, and how.

use super::item::Item;
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Findings, ItemRef};
use crate::suggest::nearest;
use crate::yaml::Kind;

/// How keys change what there is.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    append: Vec<String>,
    replace: Vec<String>,
}

impl Overrides {
    /// Reads them; nothing if there are none, `None` if something is wrong with them, which was said then.
    pub fn read(
        item: &Item<'_>,
        appendable: &[&'static str],
        replaceable: &[&'static str],
        findings: &mut Findings,
    ) -> Option<Overrides> {
        let mut overrides = Overrides::default();
        let Some(node) = item.get("override") else { return Some(overrides) };
        let Kind::Mapping(pairs) = &node.kind else {
            let label = format!("this is {}", node.describe());
            let message = "override must say for each key append or replace";
            findings.add(Diagnostic::new(Code::YamlValidate, item.place(node).first_line(), message, label));
            return None;
        };
        let mut wrong = false;
        for (key, value) in pairs.iter() {
            let name = key.scalar().map_or("", |key| key.text.as_str());
            let how = value.scalar().map_or("", |value| value.text.as_str());
            let known = replaceable.contains(&name) || appendable.contains(&name);
            let mut problem = |place, message: String, label: String, help: Option<String>| {
                findings.add(Diagnostic::new(Code::YamlValidate, place, message, label).help(help));
                wrong = true;
            };
            match how {
                _ if !known => {
                    let help = nearest(name, replaceable.iter().copied()).map(|name| format!("did you mean {name}?"));
                    let label = format!("expected {}", replaceable.join(", "));
                    problem(item.place(key), format!("the key {name} cannot be overridden"), label, help);
                }
                "append" if !appendable.contains(&name) => {
                    let label = "expected replace".to_owned();
                    problem(item.place(value), format!("nothing can be appended to {name}"), label, None);
                }
                "append" => overrides.append.push(name.to_owned()),
                "replace" => overrides.replace.push(name.to_owned()),
                _ => {
                    let label = "expected append or replace".to_owned();
                    problem(item.place(value), format!("{how} is no way to override {name}"), label, None);
                }
            }
            if known && item.get(name).is_none() {
                let message = format!("{name} is to be overridden, but is not given");
                let label = format!("expected a key {name} in the item");
                findings.add(Diagnostic::new(Code::YamlValidate, item.place(key), message, label));
                wrong = true;
            }
        }
        (!wrong).then_some(overrides)
    }

    /// True if there are none.
    pub fn is_empty(&self) -> bool {
        self.append.is_empty() && self.replace.is_empty()
    }

    /// True if the key is appended.
    pub fn appends(&self, key: &str) -> bool {
        self.append.iter().any(|known| known == key)
    }

    /// True if the key replaces what there is.
    pub fn replaces(&self, key: &str) -> bool {
        self.replace.iter().any(|known| known == key)
    }
}

/// The key `append`, which should not be used any more.
pub fn append_key(item: &Item<'_>, of: &ItemRef, findings: &mut Findings) -> bool {
    let append = item.boolean("append", findings).unwrap_or(false);
    if append {
        let what = match item.kind {
            "list" => "items",
            _ => "condition",
        };
        let help = format!("write override: {{{what}: append}}");
        let message = "the key append should not be used any more";
        let problem = Diagnostic::new(Code::DeprecatedItem, item.key_place("append"), message, "it will go away");
        findings.add(problem.help(Some(help)).of(of));
    }
    append
}

/// Says that an item has both keys.
pub fn both(item: &Item<'_>, findings: &mut Findings) {
    let message = "append and override cannot stand together";
    findings.add(Diagnostic::new(Code::YamlValidate, item.key_place("append"), message, "leave append out"));
}
