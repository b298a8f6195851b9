//! Where the daemons of scenarios get events from.

use super::failure::{Doing, Outcome};
use crate::protocol::Source;
use std::sync::OnceLock;

/// The configuration that daemons read unless they are given another one.
const CONFIG: &str = "/etc/kestrel/kestrel.yaml";

static CHOSEN: OnceLock<Source> = OnceLock::new();

/// Chooses it, once, before the first scenario.
///
/// # Errors
/// What the system said.
pub fn choose(source: Source) -> Outcome {
    if source == Source::Ebpf {
        let text = std::fs::read_to_string(CONFIG).doing(CONFIG)?;
        let chosen = text.replacen("\n  kind: kmod\n", "\n  kind: ebpf\n", 1);
        if chosen == text {
            return Err(format!("{CONFIG} does not say where events come from").into());
        }
        std::fs::write(CONFIG, chosen).doing(CONFIG)?;
    }
    let _ = CHOSEN.set(source);
    Ok(())
}

/// Which was chosen.
pub fn chosen() -> Source {
    CHOSEN.get().copied().unwrap_or_default()
}
