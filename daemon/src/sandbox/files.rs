//! Writing files but where it has to be.

use landlock::{
    ABI, Access, AccessFs, BitFlags, CompatLevel, Compatible, PathBeneath, PathFd, Ruleset, RulesetAttr,
    RulesetCreatedAttr, RulesetStatus,
};
use std::path::PathBuf;

/// The version of the rights that are given up, as far as the kernel knows them. Later ones are about devices and sockets, which
/// are needed.
const VERSION: ABI = ABI::V3;

/// Everything can be read, nothing executed, and written only in these folders (and to devices, such as a new CPU's ring).
///
/// # Errors
/// What the system said.
pub fn give_up(written: &[PathBuf]) -> Result<(), String> {
    let told = |error: &dyn std::fmt::Display| error.to_string();
    let read = AccessFs::ReadFile | AccessFs::ReadDir;
    let write: BitFlags<AccessFs> = AccessFs::WriteFile
        | AccessFs::Truncate
        | AccessFs::MakeReg
        | AccessFs::MakeDir
        | AccessFs::MakeSock
        | AccessFs::RemoveFile
        | AccessFs::Refer;
    let mut rules = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(VERSION))
        .and_then(Ruleset::create)
        .map_err(|error| told(&error))?;
    let places = [("/", read), ("/dev", BitFlags::from(AccessFs::WriteFile))]
        .map(|(path, access)| (PathBuf::from(path), access))
        .into_iter()
        .chain(written.iter().map(|path| (path.clone(), write)));
    for (path, access) in places {
        let folder = PathFd::new(&path).map_err(|error| told(&error))?;
        rules = rules.add_rule(PathBeneath::new(folder, access)).map_err(|error| told(&error))?;
    }
    let status = rules.restrict_self().map_err(|error| told(&error))?;
    if status.ruleset != RulesetStatus::FullyEnforced {
        log::debug!("sandbox: files: this kernel can do that in part only, or not at all: {:?}", status.ruleset);
    }
    Ok(())
}
