//! What this process may, as far as the probe needs it (capabilities(7)).

use caps::{CapSet, Capability};

/// What loading the probe takes, and reading what /proc says of processes that run already.
const NEEDED: [(Capability, &str); 3] =
    [(Capability::CAP_BPF, "BPF"), (Capability::CAP_PERFMON, "PERFMON"), (Capability::CAP_SYS_PTRACE, "SYS_PTRACE")];

/// The capabilities that are needed and not there, by name; those that another one stands for count as there.
pub fn lacking() -> Vec<&'static str> {
    let has = |capability| caps::has_cap(None, CapSet::Effective, capability).unwrap_or(false);
    let admin = has(Capability::CAP_SYS_ADMIN);
    let is_there = |capability: Capability| has(capability) || admin && capability != Capability::CAP_SYS_PTRACE;
    NEEDED.into_iter().filter(|(capability, _)| !is_there(*capability)).map(|(_, name)| name).collect()
}

/// Why a process with these gaps is not let in, and what to do.
pub fn advice(lacking: &[&str], kernel: &str) -> String {
    if !lacking.iter().any(|name| ["BPF", "PERFMON"].contains(name)) {
        return format!(
            "it has the capabilities for that; a security module of {kernel}, a filter of system calls (seccomp), or before Linux \
             5.11 the limit of locked memory (LimitMEMLOCK=) may forbid it"
        );
    }
    format!(
        "it lacks {}: start kestrel as root, or with the capabilities BPF, PERFMON and SYS_PTRACE",
        lacking.join(" and ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_lacking_is_named() {
        insta::assert_snapshot!(
            advice(&["BPF", "PERFMON"], "Linux 6.1.0"),
            @"it lacks BPF and PERFMON: start kestrel as root, or with the capabilities BPF, PERFMON and SYS_PTRACE"
        );
        for others in [&[][..], &["SYS_PTRACE"]] {
            assert!(advice(others, "Linux 6.1.0").contains("LimitMEMLOCK"));
        }
    }

    #[test]
    fn a_thread_that_gave_its_powers_up_lacks_them() {
        // Capabilities belong to a thread: this one alone loses them.
        let lost = std::thread::spawn(|| {
            caps::clear(None, CapSet::Effective).unwrap();
            lacking()
        });
        assert_eq!(lost.join().unwrap(), ["BPF", "PERFMON", "SYS_PTRACE"]);
    }
}
