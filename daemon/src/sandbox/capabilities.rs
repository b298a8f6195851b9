//! The powers of root that are not needed any more.

use caps::{CapSet, Capability, CapsHashSet};

/// What is kept: reading what /proc says of any process, and any file of rules and configuration. The module's devices, which
/// want CAP_SYS_ADMIN, are open by now.
pub const KEPT: [Capability; 2] = [Capability::CAP_DAC_READ_SEARCH, Capability::CAP_SYS_PTRACE];

/// Gives up all others, for good.
///
/// # Errors
/// What the system said.
pub fn give_up() -> Result<(), String> {
    let told = |error: caps::errors::CapsError| error.to_string();
    let have = caps::read(None, CapSet::Permitted).map_err(told)?;
    let kept: CapsHashSet = KEPT.into_iter().filter(|capability| have.contains(capability)).collect();
    if have.contains(&Capability::CAP_SETPCAP) {
        for capability in caps::read(None, CapSet::Bounding).map_err(told)? {
            if !KEPT.contains(&capability) {
                caps::drop(None, CapSet::Bounding, capability).map_err(told)?;
            }
        }
    }
    caps::clear(None, CapSet::Inheritable).map_err(told)?;
    caps::set(None, CapSet::Effective, &kept).map_err(told)?;
    caps::set(None, CapSet::Permitted, &kept).map_err(told)
}
