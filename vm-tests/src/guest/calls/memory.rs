//! Memory. It lies where we want it, so that its addresses are the same in every run.

use super::raw::{CLOSED, NOBODY, call, call_number};
use crate::guest::failure::Outcome;
use nix::libc;
use std::ffi::CStr;
use std::ptr::null;

/// Numbers that libc does not have (`asm/unistd_64.h`).
const MAP_SHADOW_STACK: i64 = 453;

const PAGE: usize = 4096;

/// Sixteen pages that can be read and written.
const PAGES: usize = 0x2000_0000_0000;

/// Two pages of a file.
const SHARED: usize = 0x2000_1000_0000;

/// Where pages are moved.
const MOVED: usize = 0x2000_2000_0000;

/// Where nothing lies.
const NOTHING: usize = 0x3000_0000_0000;

const READ_WRITE: i32 = libc::PROT_READ | libc::PROT_WRITE;

pub(super) fn make(begin: &dyn Fn()) -> Outcome {
    begin();
    mapping();
    protection();
    advice();
    moving();
    locking();
    files();
    policies();
    Ok(())
}

fn mapping() {
    call!(SYS_brk, 0);
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_FIXED_NOREPLACE | libc::MAP_POPULATE;
    call!(SYS_mmap, PAGES, 16 * PAGE, READ_WRITE, flags, -1, 0);
    call!(SYS_mmap, PAGES, 16 * PAGE, READ_WRITE, flags, -1, 0);
    call!(SYS_mmap, null::<u8>(), PAGE, libc::PROT_NONE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS, -1, 0);
    call!(SYS_mmap, null::<u8>(), PAGE, libc::PROT_EXEC, libc::MAP_SHARED, CLOSED, 0x1_0000_0000_i64);
    let memory = call!(SYS_memfd_create, c"shared".as_ptr(), 0);
    call!(SYS_ftruncate, memory, 4 * PAGE);
    call!(SYS_mmap, SHARED, 2 * PAGE, READ_WRITE, libc::MAP_SHARED | libc::MAP_FIXED, memory, PAGE);
    call!(SYS_munmap, PAGES + 14 * PAGE, 2 * PAGE);
    call!(SYS_munmap, PAGES + 1, PAGE);
}

fn protection() {
    call!(SYS_mprotect, PAGES, PAGE, libc::PROT_READ | libc::PROT_EXEC);
    call!(SYS_mprotect, NOTHING, PAGE, libc::PROT_READ);
    const DISABLE_WRITE: i32 = 2;
    let key = call!(SYS_pkey_alloc, 0, DISABLE_WRITE);
    call!(SYS_pkey_alloc, 1, DISABLE_WRITE);
    call!(SYS_pkey_mprotect, PAGES, PAGE, READ_WRITE, key);
    call!(SYS_pkey_mprotect, PAGES, PAGE, READ_WRITE, 77);
    call!(SYS_pkey_free, key);
    call!(SYS_pkey_free, 77);
    call_number!(MAP_SHADOW_STACK, 0, PAGE, 1);
    call!(SYS_mseal, PAGES, PAGE, 0);
}

fn advice() {
    call!(SYS_madvise, PAGES, 2 * PAGE, libc::MADV_DONTNEED);
    call!(SYS_madvise, PAGES, PAGE, 77);
    call!(SYS_msync, SHARED, PAGE, libc::MS_SYNC);
    call!(SYS_msync, SHARED, PAGE, 0x77);
    let mut answer = [0_u8; 16];
    call!(SYS_mincore, PAGES, 2 * PAGE, answer.as_mut_ptr());
    call!(SYS_mincore, NOTHING, PAGE, answer.as_mut_ptr());
}

fn moving() {
    call!(SYS_mremap, PAGES + 8 * PAGE, 2 * PAGE, PAGE, 0, 0);
    call!(SYS_mremap, PAGES + 8 * PAGE, PAGE, 2 * PAGE, libc::MREMAP_MAYMOVE | libc::MREMAP_FIXED, MOVED);
    call!(SYS_mremap, NOTHING, PAGE, 2 * PAGE, libc::MREMAP_MAYMOVE, 0);
    call!(SYS_remap_file_pages, SHARED, PAGE, 0, 2, 0);
    call!(SYS_remap_file_pages, NOTHING, PAGE, 0, 1, libc::MAP_NONBLOCK);
}

fn locking() {
    const ON_FAULT: i32 = 1;
    call!(SYS_mlock, PAGES + PAGE, PAGE);
    call!(SYS_mlock, NOTHING, PAGE);
    call!(SYS_mlock2, PAGES + 2 * PAGE, PAGE, ON_FAULT);
    call!(SYS_mlock2, PAGES, PAGE, 2);
    call!(SYS_munlock, PAGES + PAGE, PAGE);
    call!(SYS_munlock, NOTHING, PAGE);
    call!(SYS_mlockall, libc::MCL_CURRENT | libc::MCL_ONFAULT);
    call!(SYS_mlockall, 0);
    call!(SYS_munlockall);
}

fn files() {
    let name: &CStr = c"memory";
    call!(SYS_memfd_create, name.as_ptr(), libc::MFD_CLOEXEC | libc::MFD_ALLOW_SEALING);
    call!(SYS_memfd_create, name.as_ptr(), 0x4000);
    call!(SYS_memfd_secret, libc::O_CLOEXEC);
}

fn policies() {
    const DEFAULT: i32 = 0;
    const NO_POLICY: i32 = 77;
    let node = [1_u64];
    let mut room = [0_u64; 16];
    call!(SYS_mbind, PAGES, PAGE, libc::MPOL_PREFERRED, node.as_ptr(), 2, 0);
    call!(SYS_mbind, PAGES, PAGE, NO_POLICY, null::<u8>(), 0, 0);
    call!(SYS_set_mempolicy, DEFAULT, null::<u8>(), 0);
    call!(SYS_set_mempolicy, NO_POLICY, null::<u8>(), 0);
    call!(SYS_get_mempolicy, room.as_mut_ptr(), null::<u8>(), 0, null::<u8>(), 0);
    call!(SYS_get_mempolicy, room.as_mut_ptr(), null::<u8>(), 0, null::<u8>(), 0x80);
    call!(SYS_mbind, PAGES + PAGE, PAGE, libc::MPOL_BIND, node.as_ptr(), 2, 0);
    call!(SYS_set_mempolicy_home_node, PAGES + PAGE, PAGE, 0, 0);
    call!(SYS_set_mempolicy_home_node, PAGES, PAGE, 0, 1);
    call!(SYS_migrate_pages, 0, 2, node.as_ptr(), node.as_ptr());
    call!(SYS_migrate_pages, NOBODY, 2, node.as_ptr(), node.as_ptr());
    let pages = [PAGES];
    call!(SYS_move_pages, 0, 1, pages.as_ptr(), null::<u8>(), room.as_mut_ptr(), 0);
    call!(SYS_move_pages, NOBODY, 1, pages.as_ptr(), null::<u8>(), room.as_mut_ptr(), 0);
    const REGISTER_PRIVATE_EXPEDITED: i32 = 16;
    call!(SYS_membarrier, REGISTER_PRIVATE_EXPEDITED, 0);
    call!(SYS_membarrier, 0x4000_0000, 0);
}
