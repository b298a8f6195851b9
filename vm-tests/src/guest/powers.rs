//! A program as somebody, with some of root's powers (capabilities(7)) and no others, whatever it executes.

use super::failure::{Failure, Outcome};
use caps::{CapSet, Capability, CapsHashSet};
use nix::sys::prctl;
use nix::unistd::{Gid, Uid, setgid, setgroups, setuid};
use std::os::unix::process::CommandExt;
use std::process::Command;

/// The program under the name that starts others so.
const PROGRAM: &str = "/usr/bin/agent";

/// What the eBPF probe is loaded with.
pub const OF_THE_PROBE: &str = "CAP_BPF,CAP_PERFMON,CAP_SYS_PTRACE";

/// No power at all.
pub const NONE: &str = "";

/// The words that start a program as a user with these powers: the program and its arguments follow.
pub fn words<'a>(uid: &'a str, powers: &'a str) -> [&'a str; 4] {
    [PROGRAM, "powers", uid, powers]
}

/// `UID POWERS PROGRAM [ARG...]`, the powers split by commas.
///
/// # Errors
/// What the system said.
pub fn act(words: &[&str]) -> Outcome {
    let [uid, names, program, args @ ..] = words else { return Err("as whom, with what, which program?".into()) };
    let uid = uid.parse().map_err(|_| format!("{uid}: no number of a user"))?;
    let named = names.split(',').filter(|name| !name.is_empty());
    let kept: CapsHashSet = named.map(str::parse::<Capability>).collect::<Result<_, _>>().map_err(told)?;
    for capability in caps::read(None, CapSet::Bounding).map_err(told)? {
        if !kept.contains(&capability) {
            caps::drop(None, CapSet::Bounding, capability).map_err(told)?;
        }
    }
    prctl::set_keepcaps(true)?;
    setgroups(&[])?;
    setgid(Gid::from_raw(uid))?;
    setuid(Uid::from_raw(uid))?;
    // A user's programs get what is ambient, which must be inheritable.
    for set in [CapSet::Effective, CapSet::Permitted, CapSet::Inheritable, CapSet::Ambient] {
        caps::set(None, set, &kept).map_err(told)?;
    }
    Err(Failure::from(Command::new(program).args(args).exec()))
}

fn told(error: caps::errors::CapsError) -> Failure {
    Failure(error.to_string())
}
