//! What rules require of the engine and of its extensions.

use super::collection::Collection;
use super::item::Item;
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Findings};
use crate::yaml::{Kind, Node};

/// The version of Falco's rule engine that this one does what of.
pub const ENGINE_VERSION: (u64, u64, u64) = (0, 63, 0);

/// Falco's plugins whose fields are built in here; of any version.
const BUILT_IN: [&str; 8] =
    ["container", "json", "k8saudit", "k8saudit-aks", "k8saudit-eks", "k8saudit-gke", "k8saudit-ovh", "k8smeta"];

/// A plugin and the version that is asked for.
#[derive(Clone, Debug)]
pub struct Requirement {
    pub name: String,
    pub version: String,
}

/// `1.2.3`, with whatever follows a minus or plus.
fn version(text: &str) -> Option<(u64, u64, u64)> {
    let text = text.trim();
    let core = text.split(['-', '+']).next().unwrap_or("");
    let mut numbers = core.split('.').map(|part| part.parse().ok());
    let version = (numbers.next()??, numbers.next()??, numbers.next()??);
    numbers.next().is_none().then_some(version)
}

fn shown((major, minor, patch): (u64, u64, u64)) -> String {
    format!("{major}.{minor}.{patch}")
}

/// Reads `required_engine_version`.
pub fn engine(item: Item<'_>, collection: &mut Collection, findings: &mut Findings) {
    item.check_keys(&["required_engine_version"], findings);
    let Some(origin) = item.text("required_engine_version", findings) else { return };
    let text = origin.scalar.text.trim();
    // A number alone is the middle one.
    let Some(required) = text.parse::<u32>().ok().map(|n| (0, n.into(), 0)).or_else(|| version(text)) else {
        let message = format!("{text} is no version of an engine");
        let label = "expected a number, or a version such as 0.63.0";
        return findings.add(Diagnostic::new(Code::YamlValidate, origin.whole(), message, label));
    };
    let fits = ENGINE_VERSION.0 == required.0 && ENGINE_VERSION >= required;
    if !fits {
        let [wanted, have] = [shown(required), shown(ENGINE_VERSION)];
        let message = format!("Rules require engine version {wanted}, but engine version is {have}");
        let help = "use rules that were made for it, or a newer kestrel".to_owned();
        let problem = Diagnostic::new(Code::Validate, origin.whole(), message, format!("expected {have} or older"));
        findings.add(problem.help(Some(help)));
    }
    collection.engine_version = collection.engine_version.max(Some(required));
}

/// Reads `required_plugin_versions`.
pub fn plugins(item: Item<'_>, collection: &mut Collection, findings: &mut Findings) {
    item.check_keys(&["required_plugin_versions"], findings);
    let Some(node) = item.get("required_plugin_versions") else { return };
    let Kind::Sequence(nodes) = &node.kind else {
        let label = format!("this is {}", node.describe());
        let message = "required_plugin_versions must be a list";
        return findings.add(Diagnostic::new(Code::YamlValidate, item.place(node).first_line(), message, label));
    };
    for node in nodes.iter() {
        let Some(first) = one(&item, node, &["name", "version", "alternatives"], findings) else { continue };
        let mut alternatives = vec![first];
        let plugin = Item::new(item.file, "plugin", node);
        if let Some(others) = plugin.and_then(|plugin| plugin.get("alternatives")) {
            match &others.kind {
                Kind::Sequence(others) => alternatives
                    .extend(others.iter().filter_map(|other| one(&item, other, &["name", "version"], findings))),
                _ => {
                    let label = format!("this is {}", others.describe());
                    let place = item.place(others).first_line();
                    findings.add(Diagnostic::new(Code::YamlValidate, place, "alternatives must be a list", label));
                }
            }
        }
        if !alternatives.iter().any(|plugin| BUILT_IN.contains(&plugin.name.as_str())) {
            let names: Vec<String> =
                alternatives.iter().map(|plugin| format!("{} (>= {})", plugin.name, plugin.version)).collect();
            let message = format!("Plugin requirement not satisfied, must load one of: {}", names.join(", "));
            let problem = Diagnostic::new(Code::Validate, item.place(node).first_line(), message, "not built in");
            findings.add(problem.help(Some(format!("built in are {}", BUILT_IN.join(", ")))));
        }
        collection.requirements.push(alternatives);
    }
}

fn one(item: &Item<'_>, node: &Node, keys: &[&'static str], findings: &mut Findings) -> Option<Requirement> {
    let Some(plugin) = Item::new(item.file, "plugin", node) else {
        let label = format!("this is {}", node.describe());
        let message = "a plugin is required by its name and version";
        findings.add(Diagnostic::new(Code::YamlValidate, item.place(node).first_line(), message, label));
        return None;
    };
    plugin.check_keys(keys, findings);
    let name = plugin.text("name", findings);
    let origin = plugin.text("version", findings);
    let (name, origin) = (name?, origin?);
    if version(&origin.scalar.text).is_none() {
        let message = format!("{} is no version of a plugin", origin.scalar.text);
        findings.add(Diagnostic::new(Code::Validate, origin.whole(), message, "expected a version such as 0.1.0"));
    }
    Some(Requirement { name: name.scalar.text.clone(), version: origin.scalar.text.clone() })
}
