//! The versions of everything that has one, as `--version-json` and `/versions` say them. Names are Falco's where the thing is
//! the same, so that what asks Falco which rules it can read can ask Kestrel.

use kestrel_core::abi::{ABI_MAJOR, ABI_MINOR};
use kestrel_core::schema::FINGERPRINT;
use kestrel_rules::ENGINE_VERSION;
use serde_json::{Value, json};

/// Kestrel's own.
pub const KESTREL: &str = env!("CARGO_PKG_VERSION");

/// All of them. `engine_version` is that of the rule language: the version of Falco's that is understood.
pub fn json() -> Value {
    let (major, minor, patch) = ENGINE_VERSION;
    json!({
        "kestrel_version": KESTREL,
        "engine_version": minor.to_string(),
        "engine_version_semver": format!("{major}.{minor}.{patch}"),
        "driver_api_version": format!("{ABI_MAJOR}.{ABI_MINOR}"),
        "driver_schema_version": format!("{FINGERPRINT:016x}"),
        "default_driver_version": KESTREL,
        "plugin_versions": {},
    })
}
