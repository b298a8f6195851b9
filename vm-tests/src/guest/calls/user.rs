//! Users, groups, capabilities.

use super::raw::{NOBODY, NOWHERE, as_nobody, call, in_child};
use crate::guest::failure::Outcome;
use std::ptr::null;

pub(super) fn make(begin: &dyn Fn()) -> Outcome {
    begin();
    questions();
    in_child(groups);
    in_child(|| {
        call!(SYS_setuid, 1000);
        call!(SYS_setuid, 0);
    });
    in_child(|| {
        call!(SYS_setreuid, -1, 1000);
        call!(SYS_setreuid, 1001, 1002);
    });
    in_child(|| {
        call!(SYS_setresuid, -1, 1000, 0);
        call!(SYS_setresuid, 1000, 1000, 1000);
        call!(SYS_setresuid, 0, 0, 0);
    });
    in_child(|| {
        call!(SYS_setfsuid, 1000);
        call!(SYS_setfsuid, 1001);
        call!(SYS_setfsgid, 1002);
        call!(SYS_setfsgid, 1003);
    });
    as_nobody(refused);
    in_child(capabilities);
    Ok(())
}

fn questions() {
    let mut ids = [7_u32; 3];
    let [real, effective, saved] = ids.each_mut().map(|id| &raw mut *id);
    call!(SYS_getuid);
    call!(SYS_geteuid);
    call!(SYS_getgid);
    call!(SYS_getegid);
    call!(SYS_getresuid, real, effective, saved);
    call!(SYS_getresuid, real, effective, NOWHERE);
    call!(SYS_getresgid, real, effective, saved);
    call!(SYS_getresgid, real, effective, NOWHERE);
}

fn groups() {
    let list = [10_u32, 20, 30];
    let mut room = [0_u32; 8];
    call!(SYS_setgroups, 3, list.as_ptr());
    call!(SYS_setgroups, -1, list.as_ptr());
    call!(SYS_getgroups, 8, room.as_mut_ptr());
    call!(SYS_getgroups, 1, room.as_mut_ptr());
    call!(SYS_setregid, -1, 1001);
    call!(SYS_getegid);
    call!(SYS_setresgid, -1, 1002, 1003);
    call!(SYS_setgid, 1000);
    let mut ids = [7_u32; 3];
    let [real, effective, saved] = ids.each_mut().map(|id| &raw mut *id);
    call!(SYS_getresgid, real, effective, saved);
}

fn refused() {
    call!(SYS_setgid, 5);
    call!(SYS_setregid, 6, -1);
    call!(SYS_setresgid, 7, 8, 9);
}

fn capabilities() {
    // struct __user_cap_header_struct (version 3, a process) and twice effective, permitted, inheritable
    let header = [0x2008_0522_u32, 0];
    let stranger = [0x2008_0522_u32, NOBODY as u32];
    let mut room = [0_u32; 6];
    // CAP_CHOWN alone, and nothing that could be inherited
    let one = [1_u32, 1, 0, 0, 0, 0];
    let two = [3_u32, 3, 0, 0, 0, 0];
    call!(SYS_capget, header.as_ptr(), room.as_mut_ptr());
    call!(SYS_capget, stranger.as_ptr(), room.as_mut_ptr());
    call!(SYS_capget, null::<u8>(), room.as_mut_ptr());
    call!(SYS_capset, header.as_ptr(), one.as_ptr());
    call!(SYS_capset, header.as_ptr(), two.as_ptr());
}
