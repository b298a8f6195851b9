//! What a kernel is missing that refuses the probe, as far as its verifier's words tell.
//!
//! The verifier speaks to who writes programs. What a person can do about it hangs on a few things that it says: a helper that it
//! does not know, a limit, a right.

use std::io;
use std::path::Path;

/// Of the helpers that the probe calls (`ebpf/src/helpers.rs`), those that are younger than its ring: number, name, since which kernel.
const HELPERS: [(u32, &str, &str); 2] = [(158, "bpf_get_current_task_btf", "5.11"), (175, "bpf_task_pt_regs", "5.15")];

/// Kinds of maps that the oldest kernels do not have: the map, what it is, since which kernel.
const MAPS: [(&str, &str, &str); 1] = [("RING_BUFFER", "rings", "5.8")];

/// Helpers that the kernel keeps from programs while it is locked down; the first two are what the others were called before 5.5, and
/// what is tried in their place.
const READS_KERNEL: [(u32, &str); 4] = [
    (4, "bpf_probe_read"),
    (45, "bpf_probe_read_str"),
    (113, "bpf_probe_read_kernel"),
    (115, "bpf_probe_read_kernel_str"),
];

/// What the kernel is missing; `None` if nobody can tell.
pub fn missing(log: &str, error: &io::Error) -> Option<String> {
    if let Some((name, number)) = unknown_helper(log) {
        if READS_KERNEL.iter().any(|(of, known)| Some(*of) == number || *known == name) {
            return Some(format!(
                "it does not let programs read its memory (helper {name}), which lockdown in mode confidentiality forbids"
            ));
        }
        let known = HELPERS.iter().find(|(of, known, _)| Some(*of) == number || *known == name);
        return Some(match known {
            Some((_, name, since)) => format!("it has no helper {name}, which there is since Linux {since}"),
            None => format!("it has no helper {name}"),
        });
    }
    let says = |words: &str| log.contains(words);
    if says("too large") || says("too complex") || error.raw_os_error() == Some(nix::libc::E2BIG) {
        return Some(
            "its verifier looks at no program so long: a million instructions, which there is since Linux 5.2"
                .to_owned(),
        );
    }
    if says("back-edge") || says("loop") {
        return Some("its verifier takes no loops, which it does since Linux 5.3".to_owned());
    }
    None
}

/// The same of a map that cannot be made.
pub fn missing_of_map(map: &str, error: &io::Error) -> Option<String> {
    match error.raw_os_error() {
        Some(nix::libc::ENOMEM) => {
            Some("there is not so much memory: engine.ebpf.ring_kib says how much the ring takes".to_owned())
        }
        Some(nix::libc::EINVAL) => {
            let (_, what, since) = MAPS.iter().find(|(name, ..)| *name == map)?;
            Some(format!("it has no {what} for eBPF programs, which there are since Linux {since}"))
        }
        _ => None,
    }
}

/// The helper that the verifier does not know or does not allow, with its number if it says so: `unknown func NAME#NUMBER`,
/// `invalid func NAME#NUMBER`, and since 6.12 `program of this type cannot use helper NAME#NUMBER`.
fn unknown_helper(log: &str) -> Option<(&str, Option<u32>)> {
    let told = ["unknown func ", "invalid func ", "cannot use helper "];
    let rest = told.iter().find_map(|words| log.split_once(words).map(|(_, rest)| rest))?;
    let word = rest.split_whitespace().next()?;
    Some(match word.split_once('#') {
        Some((name, number)) => (name, number.parse().ok()),
        None => (word, None),
    })
}

/// Where the kernel says how far it is locked down.
const LOCKDOWN: &str = "/sys/kernel/security/lockdown";

/// Is the kernel locked down so far that programs cannot read its memory?
pub fn is_confidential() -> bool {
    confidential(Path::new(LOCKDOWN))
}

/// The mode in force stands in brackets: `none integrity [confidentiality]`.
fn confidential(path: &Path) -> bool {
    std::fs::read_to_string(path).is_ok_and(|text| text.contains("[confidentiality]"))
}

/// The kernel's release.
pub fn kernel() -> String {
    nix::sys::utsname::uname()
        .map_or_else(|_| "Linux".to_owned(), |name| format!("Linux {}", name.release().to_string_lossy()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(log: &str, errno: i32) -> String {
        missing(log, &io::Error::from_raw_os_error(errno)).unwrap_or_default()
    }

    #[test]
    fn a_helper_that_there_is_not_is_named_with_the_kernel_that_has_it() {
        // 5.10, 6.1 and 6.12 say it each in their own words.
        let logs = [
            "1: (85) call unknown#175\ninvalid func unknown#175\nprocessed 2 insns (limit 1000000)",
            "1: (85) call bpf_task_pt_regs#175\nunknown func bpf_task_pt_regs#175\nprocessed 2 insns",
            "1: (85) call bpf_task_pt_regs#175\nprogram of this type cannot use helper bpf_task_pt_regs#175\nprocessed 2 insns",
        ];
        for log in logs {
            assert_eq!(
                of(log, nix::libc::EINVAL),
                "it has no helper bpf_task_pt_regs, which there is since Linux 5.15"
            );
        }
        assert_eq!(of("unknown func bpf_new_thing#400\n", nix::libc::EINVAL), "it has no helper bpf_new_thing");
    }

    #[test]
    fn a_kernel_that_keeps_its_memory_to_itself_is_locked_down() {
        let log = "; \n3: (85) call bpf_probe_read_kernel#113\nunknown func bpf_probe_read_kernel#113\n";
        insta::assert_snapshot!(
            of(log, nix::libc::EINVAL),
            @"it does not let programs read its memory (helper bpf_probe_read_kernel), which lockdown in mode confidentiality forbids"
        );
        assert!(of("unknown func bpf_probe_read#4", nix::libc::EINVAL).contains("lockdown"));
        assert!(of("invalid func unknown#115", nix::libc::EINVAL).contains("lockdown"));
    }

    #[test]
    fn limits_are_told_from_mistakes() {
        assert!(of("BPF program is too large. Processed 1000001 insn\n", nix::libc::EINVAL).contains("5.2"));
        assert!(of("", nix::libc::E2BIG).contains("5.2"));
        assert!(of("back-edge from insn 12 to 4\n", nix::libc::EINVAL).contains("5.3"));
        assert_eq!(of("R1 invalid mem access 'scalar'\nprocessed 4 insns\n", nix::libc::EACCES), "");
        assert_eq!(of("", nix::libc::EINVAL), "");
    }

    #[test]
    fn a_kernel_without_rings_is_told_from_one_without_memory() {
        let of = |map, errno| missing_of_map(map, &io::Error::from_raw_os_error(errno)).unwrap_or_default();
        assert!(of("RING_BUFFER", nix::libc::EINVAL).contains("5.8"));
        assert!(of("RING_BUFFER", nix::libc::ENOMEM).contains("ring_kib"));
        assert_eq!(of("WANTED", nix::libc::EINVAL), "");
    }

    #[test]
    fn the_mode_in_force_is_the_one_in_brackets() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let mut told = Vec::new();
        for text in [
            "[none] integrity confidentiality\n",
            "none [integrity] confidentiality\n",
            "none integrity [confidentiality]\n",
        ] {
            std::fs::write(file.path(), text).unwrap();
            told.push(confidential(file.path()));
        }
        assert_eq!(told, [false, false, true]);
        assert!(!confidential(Path::new("/no/such/file")));
    }
}
