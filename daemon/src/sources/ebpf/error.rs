//! Why the eBPF probe cannot be used, and what to do about it.

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
    #[error(
        "the kernel does not let this process load eBPF programs ({what}: {error}): start kestrel as root, or with the \
         capabilities BPF, PERFMON and SYS_PTRACE"
    )]
    Denied {
        /// What was tried.
        what: String,
        /// Why not.
        error: String,
    },
    /// The verifier refuses a program.
    #[error("the kernel refuses the eBPF program {program}: {error}{}", log_of(log))]
    Refused {
        /// The program.
        program: String,
        /// Why.
        error: io::Error,
        /// What the verifier says.
        log: String,
    },
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
        "{}: another kestrel uses the eBPF probe that is kept there: stop it, or give this one an engine.ebpf.pin_dir of its own",
        folder.display()
    )]
    Busy {
        /// The folder.
        folder: std::path::PathBuf,
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
