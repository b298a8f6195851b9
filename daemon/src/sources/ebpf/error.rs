//! Why the eBPF probe cannot be used, and what to do about it.

use crate::sources::holder::{Holder, who};
use std::io;

/// Why the eBPF probe cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// The kernel does not describe its types.
    #[error(
        "{path}: {error}: this kernel does not describe its own types, which the eBPF probe needs (CONFIG_DEBUG_INFO_BTF). \
         Use the kernel module, or `kestrel run` for a single command"
    )]
    NoTypes {
        /// Where they would be.
        path: &'static str,
        /// Why they cannot be read.
        error: io::Error,
    },
    /// The description makes no sense.
    #[error("{path}: what this kernel says of its types makes no sense to kestrel. Use the kernel module")]
    Types {
        /// Where it is.
        path: &'static str,
    },
    /// A member is not there.
    #[error(
        "this kernel's types are unknown to the eBPF probe: there is no {member} in {structure}. Use the kernel module, or a \
         newer kestrel"
    )]
    Member {
        /// The structure.
        structure: &'static str,
        /// The member.
        member: &'static str,
    },
    /// The caller may not.
    #[error("the kernel does not let this process load eBPF programs ({what}: {error}): {advice}")]
    Denied {
        /// What was tried.
        what: String,
        /// Why not.
        error: String,
        /// What is lacking, and what to do.
        advice: String,
    },
    /// The kernel keeps what it knows to itself.
    #[error(
        "this kernel is locked down in mode confidentiality (/sys/kernel/security/lockdown): eBPF programs cannot read its memory, \
         from which the probe tells who does what. In mode integrity they can. Use the kernel module, or `kestrel run` for a \
         single command"
    )]
    LockedDown,
    /// The kernel refuses a program or a map.
    #[error(transparent)]
    Refused(#[from] Box<Refusal>),
    /// The program that events are judged by is none.
    #[error("eBPF: the prefilter's program is refused: {refused}")]
    Program {
        /// What is wrong with it.
        refused: kestrel_core::filter::Refused,
    },
    /// The folder that keeps the probe cannot be used.
    #[error("{}: the eBPF probe cannot be kept there over restarts: {error} (engine.ebpf.pin_dir)", folder.display())]
    Pins {
        /// The folder.
        folder: std::path::PathBuf,
        /// Why not.
        error: String,
    },
    /// Another daemon uses it.
    #[error(
        "{}: the eBPF probe that is kept there is in use by {}: stop that kestrel first, or give this one an engine.ebpf.pin_dir of \
         its own",
        folder.display(), who(holder.as_ref())
    )]
    Busy {
        /// The folder.
        folder: std::path::PathBuf,
        /// Who uses it, if that can be seen.
        holder: Option<Holder>,
    },
    /// Something else of the system's.
    #[error("eBPF: {what}: {error}")]
    System {
        /// What was tried.
        what: String,
        /// Why not.
        error: String,
    },
}

/// What the kernel refuses, and why.
#[derive(Debug, thiserror::Error)]
#[error("{kernel} refuses the eBPF {what}: {}{}", self.why(), log_of(log))]
pub struct Refusal {
    /// The program or the map.
    pub what: String,
    /// The kernel, with its version.
    pub kernel: String,
    /// What the kernel is missing, if that can be told.
    pub missing: Option<String>,
    /// What the call said.
    pub error: io::Error,
    /// What the verifier says.
    pub log: String,
}

impl Refusal {
    /// Why, and what to do.
    fn why(&self) -> String {
        let Refusal { missing, error, .. } = self;
        match missing {
            Some(missing) => {
                format!("{missing} ({error}). Use the kernel module, or `kestrel run` for a single command")
            }
            None => format!("{error}; what it is missing cannot be told. Use the kernel module, or a newer kestrel"),
        }
    }
}

/// Lines of the verifier that a person is shown: it tells why at the end.
const LINES: usize = 12;

fn log_of(log: &str) -> String {
    let lines: Vec<&str> = log.lines().filter(|line| !line.trim().is_empty()).collect();
    if lines.is_empty() {
        return String::new();
    }
    let shown = lines.get(lines.len().saturating_sub(LINES)..).unwrap_or(&lines);
    format!(". The last that its verifier says:\n  {}", shown.join("\n  "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(missing: Option<&str>, log: &str) -> ProbeError {
        Box::new(Refusal {
            what: "program call_fd".to_owned(),
            kernel: "Linux 5.9.0".to_owned(),
            missing: missing.map(str::to_owned),
            error: io::Error::from_raw_os_error(nix::libc::EINVAL),
            log: log.to_owned(),
        })
        .into()
    }

    #[test]
    fn a_refusal_names_the_kernel_and_what_it_is_missing_before_the_verifiers_own_words() {
        let log = (0..40).map(|n| format!("{n}: (bf) r6 = r1\n\n")).collect::<String>();
        let log = format!("{log}unknown func bpf_new_thing#400\nprocessed 41 insns (limit 1000000)\n");
        insta::assert_snapshot!(refused(Some("it has no helper bpf_new_thing"), &log), @"
        Linux 5.9.0 refuses the eBPF program call_fd: it has no helper bpf_new_thing (Invalid argument (os error 22)). Use the kernel module, or `kestrel run` for a single command. The last that its verifier says:
          30: (bf) r6 = r1
          31: (bf) r6 = r1
          32: (bf) r6 = r1
          33: (bf) r6 = r1
          34: (bf) r6 = r1
          35: (bf) r6 = r1
          36: (bf) r6 = r1
          37: (bf) r6 = r1
          38: (bf) r6 = r1
          39: (bf) r6 = r1
          unknown func bpf_new_thing#400
          processed 41 insns (limit 1000000)
        ");
    }

    #[test]
    fn a_refusal_that_says_nothing_is_no_riddle() {
        insta::assert_snapshot!(
            refused(None, " \n"),
            @"Linux 5.9.0 refuses the eBPF program call_fd: Invalid argument (os error 22); what it is missing cannot be told. Use the kernel module, or a newer kestrel"
        );
    }

    #[test]
    fn a_map_that_cannot_be_made_is_named() {
        let error = Refusal {
            what: "map RING_BUFFER".to_owned(),
            kernel: "Linux 5.4.0".to_owned(),
            missing: Some("it has no rings for eBPF programs, which there are since Linux 5.8".to_owned()),
            error: io::Error::from_raw_os_error(nix::libc::EINVAL),
            log: String::new(),
        };
        insta::assert_snapshot!(
            error,
            @"Linux 5.4.0 refuses the eBPF map RING_BUFFER: it has no rings for eBPF programs, which there are since Linux 5.8 (Invalid argument (os error 22)). Use the kernel module, or `kestrel run` for a single command"
        );
    }

    #[test]
    fn whoever_uses_the_folder_is_named() {
        let folder = std::path::PathBuf::from("/sys/fs/bpf/kestrel");
        let holder = Some(Holder { pid: 4711, comm: "kestrel".to_owned() });
        insta::assert_snapshot!(
            ProbeError::Busy { folder, holder },
            @"/sys/fs/bpf/kestrel: the eBPF probe that is kept there is in use by process 4711 (kestrel): stop that kestrel first, or give this one an engine.ebpf.pin_dir of its own"
        );
    }
}
