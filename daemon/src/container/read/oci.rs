//! The `config.json` of a bundle (<https://github.com/opencontainers/runtime-spec/blob/main/config.md>).

use super::super::details::{Details, Mount};
use super::{CONTAINER_BYTES, annotations, at, json, list, text};
use crate::container::files;
use serde_json::Value;
use std::path::Path;

/// What the bundle in this folder is.
pub(super) fn bundle(folder: &Path) -> Option<Details> {
    let mut details = parse(&files::read(&folder.join("config.json"), CONTAINER_BYTES)?)?;
    // A root folder is told from the bundle.
    details.root = details.root.map(|root| folder.join(root));
    Some(details)
}

/// What a `config.json` says.
pub(super) fn parse(bytes: &[u8]) -> Option<Details> {
    let spec = json(bytes)?;
    let mut details = Details::default();
    annotations::add(at(&spec, &["annotations"]), &mut details);
    details.set_mounts(list(&spec, &["mounts"]).iter().filter_map(mount));
    details.privileged = details.privileged.or_else(|| Some(is_privileged(&spec)));
    let root = text(&spec, &["root", "path"]);
    details.root = (!root.is_empty()).then(|| root.into());
    if let Some(Value::Array(namespaces)) = at(&spec, &["linux", "namespaces"]) {
        let in_pod = annotations::joins_a_sandbox(at(&spec, &["annotations"]));
        let shares = |kind: &str| match namespaces.iter().find(|namespace| text(namespace, &["type"]) == kind) {
            None => Some(true),
            // Its sandbox's: whether that is the machine's, the sandbox's own bundle tells.
            Some(namespace) if in_pod && !text(namespace, &["path"]).is_empty() => None,
            Some(_) => Some(false),
        };
        details.host_pid = shares("pid");
        details.host_network = shares("network");
        details.host_ipc = shares("ipc");
    }
    Some(details)
}

/// A mount of something of the machine; `None` for file systems that the container gets of its own.
fn mount(mount: &Value) -> Option<Mount> {
    let options: Vec<&str> = list(mount, &["options"]).iter().filter_map(Value::as_str).collect();
    let bound = text(mount, &["type"]) == "bind" || options.iter().any(|option| matches!(*option, "bind" | "rbind"));
    let spreads = ["private", "rprivate", "shared", "rshared", "slave", "rslave", "unbindable", "runbindable"];
    bound.then(|| Mount {
        source: text(mount, &["source"]).to_owned(),
        dest: text(mount, &["destination"]).to_owned(),
        mode: String::new(),
        writable: !options.contains(&"ro"),
        propagation: options
            .iter()
            .find(|option| spreads.contains(option))
            .map_or_else(String::new, |o| (*o).to_owned()),
    })
}

/// Whether this is what every runtime makes of `privileged`: all devices, a capability that only the privileged get, and nothing
/// of /proc hidden.
fn is_privileged(spec: &Value) -> bool {
    let every_device = list(spec, &["linux", "resources", "devices"]).iter().any(|rule| {
        let every =
            |key: &str| rule.get(key).is_none_or(|n| n.is_null() || n.as_i64() == Some(-1) || n.as_i64() == Some(0));
        rule.get("allow").and_then(Value::as_bool) == Some(true)
            && matches!(text(rule, &["type"]), "" | "a")
            && every("major")
            && every("minor")
            && ["r", "w", "m"].iter().all(|access| text(rule, &["access"]).contains(access))
    });
    let modules =
        list(spec, &["process", "capabilities", "bounding"]).iter().any(|name| name.as_str() == Some("CAP_SYS_MODULE"));
    every_device && modules && list(spec, &["linux", "maskedPaths"]).is_empty()
}
