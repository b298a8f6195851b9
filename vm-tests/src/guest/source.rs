//! Where the daemons of scenarios get events from.

use super::failure::{Doing, Outcome};
use crate::protocol::Source;
use std::sync::OnceLock;

/// The configuration that daemons read unless they are given another one.
const CONFIG: &str = "/etc/kestrel/kestrel.yaml";

/// Where daemons keep the eBPF probe.
const PINS: &str = "/sys/fs/bpf/kestrel";

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

/// Takes away what a daemon that was killed left of the eBPF probe, so that the next one begins anew.
pub fn forget() {
    for entry in std::fs::read_dir(PINS).into_iter().flatten().flatten() {
        let _ = std::fs::remove_file(entry.path());
    }
    let _ = std::fs::remove_dir(PINS);
}

/// Which was chosen.
pub fn chosen() -> Source {
    CHOSEN.get().copied().unwrap_or_default()
}
