//! The state of containers that runc or crun was told to start by hand: where their bundles are.

use super::{json, list, text};
use serde_json::Value;
use std::path::PathBuf;

/// The bundle in `/run/runc/ID/state.json`: among the labels, `bundle=PATH` (runc: `libcontainer/utils`).
pub(super) fn bundle_of_runc(state: &[u8]) -> Option<PathBuf> {
    let state = json(state)?;
    let mut labels = list(&state, &["config", "labels"]).iter().filter_map(Value::as_str);
    labels.find_map(|label| label.strip_prefix("bundle=")).and_then(absolute)
}

/// The bundle in `/run/crun/ID/status` (crun: `src/libcrun/status.c`).
pub(super) fn bundle_of_crun(status: &[u8]) -> Option<PathBuf> {
    absolute(text(&json(status)?, &["bundle"]))
}

fn absolute(path: &str) -> Option<PathBuf> {
    path.starts_with('/').then(|| PathBuf::from(path))
}
