//! Waiting for programs of the probe that are under way.
#![allow(unsafe_code, reason = "membarrier(2)")]

use std::io;

/// MEMBARRIER_CMD_GLOBAL (`linux/membarrier.h`): a grace period of RCU.
const GLOBAL: libc::c_int = 1;

/// Comes back when every program that began before has ended: they run where the kernel defers what a grace period waits for. Kernels that
/// do not offer it (`nohz_full=`) say so; what such a program makes is then counted, and perhaps not read.
pub fn wait() {
    let (flags, cpu): (libc::c_uint, libc::c_int) = (0, 0);
    // SAFETY: the call takes numbers alone.
    if unsafe { libc::syscall(libc::SYS_membarrier, GLOBAL, flags, cpu) } != 0 {
        log::debug!("eBPF: programs that are under way cannot be waited for: {}", io::Error::last_os_error());
    }
}
