//! System calls that Kestrel never makes, and that would serve whoever took it over. They fail with EPERM.
//!
//! Of bpf(2) what is left is to change entries of maps that are open: the texts that the eBPF probe's prefilter compares with, when
//! rules are read again.

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
};
use std::collections::BTreeMap;

/// Not every libc has it for every architecture (`asm/unistd_64.h`, `asm-generic/unistd.h`).
const SYS_KEXEC_FILE_LOAD: libc::c_long = if cfg!(target_arch = "aarch64") { 294 } else { 320 };

/// Commands of bpf(2) that are left (`linux/bpf.h`): BPF_MAP_UPDATE_ELEM and BPF_MAP_DELETE_ELEM.
const ENTRIES: [u64; 2] = [2, 3];

/// The calls, with their numbers. Of bpf(2), all but changes of entries.
pub const FORBIDDEN: &[(&str, libc::c_long)] = &[
    ("acct", libc::SYS_acct),
    ("add_key", libc::SYS_add_key),
    ("bpf", libc::SYS_bpf),
    ("chroot", libc::SYS_chroot),
    ("clock_adjtime", libc::SYS_clock_adjtime),
    ("clock_settime", libc::SYS_clock_settime),
    ("delete_module", libc::SYS_delete_module),
    ("execve", libc::SYS_execve),
    ("execveat", libc::SYS_execveat),
    ("finit_module", libc::SYS_finit_module),
    ("fsmount", libc::SYS_fsmount),
    ("fsopen", libc::SYS_fsopen),
    ("init_module", libc::SYS_init_module),
    ("io_uring_setup", libc::SYS_io_uring_setup),
    ("kexec_file_load", SYS_KEXEC_FILE_LOAD),
    ("kexec_load", libc::SYS_kexec_load),
    ("keyctl", libc::SYS_keyctl),
    ("mount", libc::SYS_mount),
    ("move_mount", libc::SYS_move_mount),
    ("open_by_handle_at", libc::SYS_open_by_handle_at),
    ("open_tree", libc::SYS_open_tree),
    ("perf_event_open", libc::SYS_perf_event_open),
    ("pivot_root", libc::SYS_pivot_root),
    ("process_vm_writev", libc::SYS_process_vm_writev),
    ("quotactl", libc::SYS_quotactl),
    ("reboot", libc::SYS_reboot),
    ("request_key", libc::SYS_request_key),
    ("setdomainname", libc::SYS_setdomainname),
    ("sethostname", libc::SYS_sethostname),
    ("setns", libc::SYS_setns),
    ("settimeofday", libc::SYS_settimeofday),
    ("swapoff", libc::SYS_swapoff),
    ("swapon", libc::SYS_swapon),
    ("umount2", libc::SYS_umount2),
    ("unshare", libc::SYS_unshare),
    ("userfaultfd", libc::SYS_userfaultfd),
];

/// Gives them up.
///
/// # Errors
/// What the system said.
pub fn give_up() -> Result<(), String> {
    let told = |error: &dyn std::fmt::Display| error.to_string();
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> =
        FORBIDDEN.iter().map(|(_, number)| (*number, Vec::new())).collect();
    let other = |command| SeccompCondition::new(0, SeccompCmpArgLen::Dword, SeccompCmpOp::Ne, command);
    let others: Result<Vec<_>, _> = ENTRIES.into_iter().map(other).collect();
    let others = others.and_then(SeccompRule::new).map_err(|error| told(&error))?;
    rules.insert(libc::SYS_bpf, vec![others]);
    let refuse = SeccompAction::Errno(nix::errno::Errno::EPERM as u32);
    let arch = std::env::consts::ARCH.try_into().map_err(|error: seccompiler::BackendError| told(&error))?;
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, refuse, arch).map_err(|error| told(&error))?;
    let program: BpfProgram = filter.try_into().map_err(|error: seccompiler::BackendError| told(&error))?;
    seccompiler::apply_filter(&program).map_err(|error| told(&error))
}
