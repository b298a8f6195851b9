//! Which events the snapshots show: each of the schema, once as a success and once as a failure, but for what is listed here.
#![cfg(test)]

use kestrel_core::schema::EVENTS;
use std::collections::BTreeSet;

/// Events of which no snapshot tells, and why.
const NEVER_RECORDED: [(&str, &[&str]); 2] = [
    ("newer kernels answer it by a signal, older ones by an error, and no filter can answer for them", &["uretprobe"]),
    ("how many there are hangs on the kernel and the memory; scenarios of their own show them", &["page_fault"]),
];

/// Events that no snapshot shows as a success, and why.
#[rustfmt::skip]
const NEVER_A_SUCCESS: [(&str, &[&str]); 6] = [
    ("no kernel answers it any more", &[
        "_sysctl", "afs_syscall", "bdflush", "break", "create_module", "epoll_ctl_old", "epoll_wait_old", "ftime",
        "get_kernel_syms", "getpmsg", "gtty", "idle", "lock", "lookup_dcookie", "mpx", "nfsservctl", "prof", "profil",
        "putpmsg", "query_module", "security", "stty", "tuxcall", "ulimit", "uselib", "vm86", "vm86old", "vserver",
    ]),
    ("not every kernel that is tested has it, and the program's filter answers for those that have", &[
        "cachestat", "fchmodat2", "file_getattr", "file_setattr", "futex_requeue", "futex_wait", "futex_wake",
        "getxattrat", "listmount", "listns", "listxattrat", "lsm_get_self_attr", "lsm_list_modules",
        "lsm_set_self_attr", "map_shadow_stack", "memfd_secret", "mseal", "open_tree_attr", "removexattrat",
        "rseq_slice_yield", "setxattrat", "statmount", "uprobe",
    ]),
    ("it does not come back, or only because a signal came", &[
        "exit", "exit_group", "pause", "restart_syscall", "rt_sigsuspend", "sigsuspend",
    ]),
    ("the machine, its kernel and its clock must stay as they are", &[
        "clock_settime", "delete_module", "finit_module", "init_module", "kexec_file_load", "kexec_load",
        "settimeofday", "stime", "swapoff", "swapon",
    ]),
    ("it needs what the machine does not have, or the moment that another process ends", &[
        "futex_waitv", "io_cancel", "process_mrelease", "quotactl_fd", "rseq",
    ]),
    ("what it answers differs from kernel to kernel", &["sysfs", "ustat"]),
];

/// Events that no snapshot shows as a failure, and why.
#[rustfmt::skip]
const NEVER_A_FAILURE: [(&str, &[&str]); 3] = [
    ("it cannot fail", &[
        "alarm", "brk", "getegid", "geteuid", "getgid", "getpgrp", "getpid", "getppid", "gettid", "getuid",
        "munlockall", "personality", "sched_yield", "set_tid_address", "setfsgid", "setfsuid", "sgetmask", "ssetmask",
        "sync", "umask",
    ]),
    ("it is no call", &["procexit", "signaldeliver"]),
    ("where it fails the process is killed, and nothing is returned", &["rt_sigreturn", "sigreturn"]),
];

/// The events in the snapshots: those that succeeded, those that failed.
fn recorded() -> (BTreeSet<String>, BTreeSet<String>) {
    let (mut succeeded, mut failed) = (BTreeSet::new(), BTreeSet::new());
    for entry in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/snapshots")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|end| end != "snap") {
            continue;
        }
        for line in std::fs::read_to_string(&path).unwrap().lines().filter(|line| line.starts_with('{')) {
            let record: serde_json::Value = serde_json::from_str(line).unwrap();
            let event = record["event"].as_str().unwrap().to_owned();
            let fails = record["flags"].as_array().unwrap().iter().any(|flag| flag == "failed");
            if fails {
                failed.insert(event)
            } else {
                succeeded.insert(event)
            };
        }
    }
    (succeeded, failed)
}

/// The names in a list, which are in it once each.
fn listed(list: &[(&str, &[&'static str])]) -> BTreeSet<&'static str> {
    let names: Vec<&str> = list.iter().flat_map(|(_, names)| names.iter().copied()).collect();
    let set: BTreeSet<&str> = names.iter().copied().collect();
    assert_eq!(set.len(), names.len());
    set
}

/// The events of the schema that are not among these.
fn missing(recorded: &BTreeSet<String>) -> BTreeSet<&'static str> {
    EVENTS.iter().map(|event| event.name).filter(|name| !recorded.contains(*name)).collect()
}

#[test]
fn every_event_is_in_a_snapshot_but_for_those_that_cannot_be() {
    let (succeeded, failed) = recorded();
    let recorded = succeeded.union(&failed).cloned().collect();
    assert_eq!(missing(&recorded), listed(&NEVER_RECORDED));
}

#[test]
fn every_event_succeeds_once_and_fails_once_but_for_those_that_cannot() {
    let (succeeded, failed) = recorded();
    let never = listed(&NEVER_RECORDED);
    let without = |recorded| missing(recorded).difference(&never).copied().collect::<BTreeSet<_>>();
    assert_eq!(without(&succeeded), listed(&NEVER_A_SUCCESS));
    assert_eq!(without(&failed), listed(&NEVER_A_FAILURE));
}
