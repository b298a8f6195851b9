//! The machine as a whole, and calls that no kernel answers any more. What would end the machine is made to fail.

use super::raw::{CLOSED, NOWHERE, as_nobody, call, call_number, in_child};
use crate::guest::failure::Outcome;
use nix::libc;
use std::ptr::null;

/// Numbers that libc does not have (`asm/unistd_64.h`).
mod number {
    pub const LSM_GET_SELF_ATTR: i64 = 459;
    pub const LSM_SET_SELF_ATTR: i64 = 460;
    pub const LSM_LIST_MODULES: i64 = 461;
}

/// Of `linux/keyctl.h`.
mod key {
    pub const PROCESS_KEYRING: i32 = -2;
    pub const NO_KEYRING: i32 = -99;
    pub const GET_KEYRING_ID: i32 = 0;
    pub const CLEAR: i32 = 7;
}

pub(super) fn make(begin: &dyn Fn()) -> Outcome {
    call!(SYS_unshare, libc::CLONE_NEWUTS);
    begin();
    modules();
    programs();
    other_kernels();
    names_and_questions();
    in_child(ports);
    keys();
    in_child(landlock);
    gone();
    Ok(())
}

fn modules() {
    call!(SYS_init_module, c"no module".as_ptr(), 9, c"parameter=1".as_ptr());
    call!(SYS_init_module, null::<u8>(), 0, null::<u8>());
    let file = call!(SYS_open, c"file".as_ptr(), libc::O_RDONLY, 0);
    call!(SYS_finit_module, file, c"parameter=2".as_ptr(), libc::MODULE_INIT_IGNORE_VERMAGIC);
    // The module is loaded already.
    let module = call!(SYS_open, c"/lib/modules/kestrel.ko".as_ptr(), libc::O_RDONLY, 0);
    call!(SYS_finit_module, module, c"".as_ptr(), 0);
    call!(SYS_delete_module, c"no_such_module".as_ptr(), libc::O_NONBLOCK);
    // It is in use.
    call!(SYS_delete_module, c"kestrel".as_ptr(), libc::O_NONBLOCK);
}

fn programs() {
    const FD_CLOEXEC: u32 = 8;
    // union bpf_attr of BPF_MAP_CREATE: an array of one number
    let array = [2_u32, 4, 8, 1, 0, 0, 0, 0, 0, 0, 0, 0];
    call!(SYS_bpf, 0, array.as_ptr(), size_of_val(&array));
    call!(SYS_bpf, 5, array.as_ptr(), size_of_val(&array));
    // struct perf_event_attr: type (software) and size, what (context switches), and more
    let mut attr = [0_u64; 16];
    attr[0] = 1 | 128 << 32;
    attr[1] = 3;
    call!(SYS_perf_event_open, attr.as_ptr(), 0, -1, -1, FD_CLOEXEC);
    call!(SYS_perf_event_open, attr.as_ptr(), -1, -1, -1, 0);
}

fn other_kernels() {
    call!(SYS_kexec_load, 0x10_0000, 17, NOWHERE, 0);
    let file = call!(SYS_open, c"file".as_ptr(), libc::O_RDONLY, 0);
    call!(SYS_kexec_file_load, file, CLOSED, 6, c"quiet".as_ptr(), 0x4000);
    call!(SYS_reboot, 0xfee1_dead_u32, 672_274_793, 0x89ab_cdef_u32, 0);
    call!(SYS_reboot, 0xfee1_dead_u32, 1, libc::LINUX_REBOOT_CMD_RESTART2, c"elsewhere".as_ptr());
    call!(SYS_reboot, 0xfee1_dead_u32, 2, libc::LINUX_REBOOT_CMD_POWER_OFF, c"nowhere".as_ptr());
}

fn names_and_questions() {
    call!(SYS_sethostname, c"kestrel-guest".as_ptr(), 13);
    let long = [b'x'; 65];
    call!(SYS_sethostname, long.as_ptr(), long.len());
    call!(SYS_setdomainname, c"example.org, and more".as_ptr(), 11);
    call!(SYS_setdomainname, NOWHERE, 5);
    let mut room = [0_u64; 64];
    call!(SYS_uname, room.as_mut_ptr());
    call!(SYS_uname, NOWHERE);
    call!(SYS_sysinfo, room.as_mut_ptr());
    call!(SYS_sysinfo, NOWHERE);
    call!(SYS_syslog, 0, null::<u8>(), 0);
    call!(SYS_syslog, 8, null::<u8>(), 99);
    call!(SYS_acct, null::<u8>());
    call!(SYS_acct, c"gone".as_ptr());
    call!(SYS_getrandom, room.as_mut_ptr(), 16, libc::GRND_INSECURE);
    call!(SYS_getrandom, room.as_mut_ptr(), 16, 0x77);
    in_child(|| {
        call!(SYS_setsid);
        call!(SYS_vhangup);
    });
    as_nobody(|| {
        call!(SYS_vhangup);
        // On the stack: the kernel does not look at what it refuses, and a child's other memory need not be there.
        let name = *b"mine";
        call!(SYS_sethostname, name.as_ptr(), name.len());
    });
}

fn ports() {
    call!(SYS_iopl, 3);
    call!(SYS_iopl, 4);
    call!(SYS_ioperm, 0x80, 1, 1);
    call!(SYS_ioperm, 0x1_0000, 7, 0);
}

fn keys() {
    let (kind, name) = (c"user".as_ptr(), c"description".as_ptr());
    call!(SYS_add_key, kind, name, c"payload".as_ptr(), 7, key::PROCESS_KEYRING);
    call!(SYS_add_key, c"nokind".as_ptr(), name, c"payload".as_ptr(), 3, key::NO_KEYRING);
    call!(SYS_request_key, kind, name, null::<u8>(), key::PROCESS_KEYRING);
    call!(SYS_request_key, kind, c"unknown".as_ptr(), null::<u8>(), 0);
    call!(SYS_request_key, c"nokind".as_ptr(), name, c"callout".as_ptr(), 0);
    call!(SYS_keyctl, key::GET_KEYRING_ID, key::PROCESS_KEYRING, 0);
    call!(SYS_keyctl, key::CLEAR, key::NO_KEYRING, 1, 2, 3);
    call!(SYS_keyctl, 9999, 4, 5, 6, 7);
}

fn landlock() {
    const RULE_PATH_BENEATH: i32 = 1;
    const RULE_NET_PORT: i32 = 2;
    const READ_FILE: u64 = 4;
    const READ_DIR: u64 = 8;
    // struct landlock_ruleset_attr: rights in the file system
    let handled = [READ_FILE | READ_DIR];
    let rules = call!(SYS_landlock_create_ruleset, handled.as_ptr(), 8, 0);
    call!(SYS_landlock_create_ruleset, handled.as_ptr(), 7, 0);
    let folder = call!(SYS_open, c"/tmp".as_ptr(), libc::O_PATH, 0);
    // struct landlock_path_beneath_attr: rights, folder
    let rule = [READ_FILE, folder as u64];
    call!(SYS_landlock_add_rule, rules, RULE_PATH_BENEATH, rule.as_ptr(), 0);
    call!(SYS_landlock_add_rule, CLOSED, RULE_NET_PORT, rule.as_ptr(), 0);
    call!(SYS_landlock_add_rule, rules, RULE_NET_PORT, rule.as_ptr(), 1_u32 << 30);
    call!(SYS_landlock_restrict_self, rules, 0);
    call!(SYS_landlock_restrict_self, CLOSED, 0);
    let mut room = [0_u64; 16];
    call_number!(number::LSM_GET_SELF_ATTR, 100, room.as_mut_ptr(), room.as_mut_ptr(), 1);
    call_number!(number::LSM_SET_SELF_ATTR, 101, room.as_ptr(), 32, 2);
    call_number!(number::LSM_LIST_MODULES, room.as_mut_ptr(), room.as_mut_ptr(), 3);
}

/// Calls that there are numbers for, and nothing else.
fn gone() {
    call!(SYSCTL, NOWHERE);
    call!(CREATE_MODULE, c"name".as_ptr(), 100);
    call!(GET_KERNEL_SYMS, null::<u8>());
    call!(QUERY_MODULE, c"name".as_ptr(), 1, null::<u8>(), 0, null::<u8>());
    call!(AFS_SYSCALL);
    call!(TUXCALL);
    call!(SECURITY);
    call!(VSERVER);
    call!(GETPMSG);
    call!(PUTPMSG);
}
