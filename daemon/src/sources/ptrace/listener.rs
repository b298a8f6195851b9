//! Calls that wait for an answer instead of stopping: notifications of seccomp(2), as Linux 6.6 has them (seccomp_unotify(2)).
//!
//! Where a machine has little else to do, a stop of ptrace(2) is between two CPUs: the tracee wakes us on one that sleeps, and we
//! wake it on one that does by then. A notification can be had on the CPU that is awake already
//! (`SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP`). So calls that are judged where they begin wait for an answer; all others stop.
//!
//! ```text
//!   open ─▶ notice ─▶ nobody can want it: answered, it goes on
//!                 └▶ interrupt, then answered: the call is made, and the tracee stops before anything else ─▶ record
//! ```
//!
//! Once we have its notice, nothing but its death interrupts a tracee's wait. Before, a signal does; see `tracer/open.rs`.
#![allow(unsafe_code, reason = "seccomp(2), its ioctls, and descriptors that are handed over")]

use super::launch::own;
use super::request::{self, Waited};
use nix::errno::Errno;
use nix::libc::{self, c_int, c_ulong, c_void, sock_filter, sock_fprog};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use std::os::fd::{AsRawFd, OwnedFd};

/// `SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP` (`linux/seccomp.h`).
const SYNC_WAKE_UP: c_ulong = 1;

/// The first kernel that has it.
const SINCE: (u32, u32) = (6, 6);

/// Changes of state that are told in a row before notices have their turn.
const MOST_IN_A_ROW: u32 = 16;

/// Room for the ancillary data that one descriptor takes (`CMSG_SPACE`, which is 24 here).
const HANDED_OVER: usize = 32;

/// A call that waits for an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Notice {
    id: u64,
    /// Whose call it is.
    pub tid: i32,
    /// The table that its number is of.
    pub arch: u32,
    /// Its number.
    pub nr: u32,
    /// Its arguments.
    pub args: [u64; 6],
}

/// True if this system has notifications that are worth their while. What becomes of an open that a signal interrupts can be set
/// right on x86 alone.
pub fn is_supported() -> bool {
    let release = nix::sys::utsname::uname().ok().and_then(|name| version(name.release().to_str()?));
    cfg!(target_arch = "x86_64") && release.is_some_and(|release| release >= SINCE)
}

fn version(release: &str) -> Option<(u32, u32)> {
    let mut numbers = release.split(|c: char| !c.is_ascii_digit()).map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

/// Installs a filter, and gives what its notices are read from.
///
/// # Errors
/// EACCES for whoever may gain privileges by a program, EBUSY if notices of this process go to somebody else already.
pub fn install(filter: &[sock_filter]) -> Result<OwnedFd, Errno> {
    let program = sock_fprog { len: filter.len() as u16, filter: filter.as_ptr().cast_mut() };
    let flags = libc::SECCOMP_FILTER_FLAG_NEW_LISTENER | libc::SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
    // SAFETY: the program lies where it says, as long as it says.
    let fd = Errno::result(unsafe {
        libc::syscall(libc::SYS_seccomp, libc::SECCOMP_SET_MODE_FILTER, flags, &raw const program)
    })?;
    let listener = own(fd as c_int)?;
    // Without it the same is told more slowly.
    // SAFETY: a number goes in.
    let _ = unsafe { libc::ioctl(listener.as_raw_fd(), libc::SECCOMP_IOCTL_NOTIF_SET_FLAGS, SYNC_WAKE_UP) };
    Ok(listener)
}

/// Two sockets; a descriptor that is given to the second can be taken from the first.
///
/// # Errors
/// What the system said.
pub fn pair() -> Result<(OwnedFd, OwnedFd), Errno> {
    let mut ends = [-1; 2];
    let kind = libc::SOCK_STREAM | libc::SOCK_CLOEXEC;
    // SAFETY: there is room for two numbers.
    Errno::result(unsafe { libc::socketpair(libc::AF_UNIX, kind, 0, ends.as_mut_ptr()) })?;
    Ok((own(ends[0])?, own(ends[1])?))
}

#[repr(C, align(8))]
struct Ancillary([u8; HANDED_OVER]);

/// Calls `with` with a message of one byte and room for a descriptor. Nothing is allocated.
fn message<T>(with: impl FnOnce(&mut libc::msghdr) -> T) -> T {
    let mut byte = 0_u8;
    let mut piece = libc::iovec { iov_base: (&raw mut byte).cast(), iov_len: 1 };
    let mut ancillary = Ancillary([0; HANDED_OVER]);
    // SAFETY: zeroes are a value of it.
    let mut header: libc::msghdr = unsafe { std::mem::zeroed() };
    header.msg_iov = &raw mut piece;
    header.msg_iovlen = 1;
    header.msg_control = ancillary.0.as_mut_ptr().cast();
    // SAFETY: it computes a length and touches no memory.
    header.msg_controllen = unsafe { libc::CMSG_SPACE(size_of::<c_int>() as u32) } as _;
    with(&mut header)
}

/// Gives a descriptor away.
///
/// # Errors
/// What the system said.
pub fn give(socket: &OwnedFd, fd: &OwnedFd) -> Result<(), Errno> {
    message(|header| {
        // SAFETY: the message has room for one header with one number, which lies in the ancillary data.
        unsafe {
            let first = libc::CMSG_FIRSTHDR(header);
            (*first).cmsg_level = libc::SOL_SOCKET;
            (*first).cmsg_type = libc::SCM_RIGHTS;
            (*first).cmsg_len = libc::CMSG_LEN(size_of::<c_int>() as u32) as _;
            libc::CMSG_DATA(first).cast::<c_int>().write_unaligned(fd.as_raw_fd());
        }
        // SAFETY: everything that the message points to is there.
        Errno::result(unsafe { libc::sendmsg(socket.as_raw_fd(), header, 0) }).map(drop)
    })
}

/// Takes a descriptor, if one was given.
fn take(socket: &OwnedFd) -> Option<OwnedFd> {
    message(|header| {
        let flags = libc::MSG_DONTWAIT | libc::MSG_CMSG_CLOEXEC;
        // SAFETY: everything that the message points to is there, and has as much room as it says.
        Errno::result(unsafe { libc::recvmsg(socket.as_raw_fd(), header, flags) }).ok()?;
        // SAFETY: the kernel wrote whole headers, as many as it says.
        let first = unsafe { libc::CMSG_FIRSTHDR(header).as_ref() }?;
        if (first.cmsg_level, first.cmsg_type) != (libc::SOL_SOCKET, libc::SCM_RIGHTS) {
            return None;
        }
        // SAFETY: this kind of data is numbers of descriptors, and there is room for one.
        own(unsafe { libc::CMSG_DATA(first).cast::<c_int>().read_unaligned() }).ok()
    })
}

/// Where notices come from.
#[derive(Debug)]
pub struct Listener {
    fd: OwnedFd,
    /// SIGCHLD: a tracee changed its state.
    changes: SignalFd,
    /// No tracee has changed its state since that was last looked for.
    quiet: bool,
    /// Changes that were told since the last look for notices.
    in_a_row: u32,
    /// SIGCHLD was read, of which others may want to know.
    heard: bool,
    /// Nobody is left of whom there could be a notice.
    over: bool,
}

impl Listener {
    /// Takes the one that was given through a socket, if one was.
    pub fn take(socket: &OwnedFd) -> Option<Listener> {
        let fd = take(socket)?;
        let set: SigSet = [Signal::SIGCHLD].into_iter().collect();
        let changes = SignalFd::with_flags(&set, SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC).ok()?;
        Some(Listener { fd, changes, quiet: false, in_a_row: 0, heard: false, over: false })
    }

    /// What is readable when there is a notice.
    pub fn fd(&self) -> &OwnedFd {
        &self.fd
    }

    /// Whoever reads SIGCHLD beside us may have done so.
    pub fn doubt(&mut self) {
        self.quiet = false;
    }

    /// Has SIGCHLD that was read here be read by the others as well.
    pub fn pass_on(&mut self) {
        if std::mem::replace(&mut self.heard, false) {
            let _ = nix::sys::signal::raise(Signal::SIGCHLD);
        }
    }

    /// Waits for a tracee to change its state, or for a notice; with `block` until there is one or the other, or a signal comes.
    pub fn wait(&mut self, block: bool) -> Waited {
        if self.over {
            return request::wait(block);
        }
        loop {
            if (!self.quiet || !block) && self.in_a_row < MOST_IN_A_ROW {
                match request::wait(false) {
                    Waited::Nothing => self.quiet = true,
                    changed => {
                        self.in_a_row += 1;
                        return changed;
                    }
                }
            }
            let had_their_turn = std::mem::replace(&mut self.in_a_row, 0) < MOST_IN_A_ROW;
            let Ok((notice, changed)) = self.poll(block && had_their_turn) else { return Waited::Nothing };
            // NOTE: who does not wait here sleeps in the loop, which wakes by SIGCHLD: it is left to it.
            if changed && block {
                // It is pending once, however many changed. Should it have come anew, it is ready anew.
                let _ = self.changes.read_signal();
                (self.quiet, self.heard) = (false, true);
            }
            if notice & libc::POLLIN != 0
                && let Some(notice) = self.receive()
            {
                return Waited::Called(notice);
            }
            if notice & libc::POLLHUP != 0 {
                self.over = true;
                return request::wait(block);
            }
            if !block && had_their_turn && notice == 0 {
                return Waited::Nothing;
            }
        }
    }

    /// What is there to be read: of notices, and whether a tracee changed its state.
    fn poll(&self, block: bool) -> Result<(libc::c_short, bool), Errno> {
        let look = |fd: c_int| libc::pollfd { fd, events: libc::POLLIN, revents: 0 };
        let mut both = [look(self.fd.as_raw_fd()), look(self.changes.as_raw_fd())];
        // SAFETY: there are two.
        Errno::result(unsafe { libc::poll(both.as_mut_ptr(), 2, if block { -1 } else { 0 }) })?;
        Ok((both[0].revents, both[1].revents != 0))
    }

    /// The next notice; `None` if whose call it was is gone.
    fn receive(&self) -> Option<Notice> {
        // SAFETY: zeroes are a value of it.
        let mut told: libc::seccomp_notif = unsafe { std::mem::zeroed() };
        // SAFETY: the kernel writes what it has room for.
        let received = unsafe {
            libc::ioctl(self.fd.as_raw_fd(), libc::SECCOMP_IOCTL_NOTIF_RECV, (&raw mut told).cast::<c_void>())
        };
        let libc::seccomp_notif { id, pid, data, .. } = told;
        let notice =
            Notice { id, tid: pid.cast_signed(), arch: data.arch, nr: data.nr.cast_unsigned(), args: data.args };
        (received == 0).then_some(notice)
    }

    /// Has the call be made.
    pub fn answer(&self, notice: &Notice) {
        let mut answer = libc::seccomp_notif_resp {
            id: notice.id,
            val: 0,
            error: 0,
            flags: libc::SECCOMP_USER_NOTIF_FLAG_CONTINUE as u32,
        };
        // Whose call it is may have been killed meanwhile.
        // SAFETY: the kernel reads it.
        let _ = unsafe {
            libc::ioctl(self.fd.as_raw_fd(), libc::SECCOMP_IOCTL_NOTIF_SEND, (&raw mut answer).cast::<c_void>())
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_release_of_a_kernel_is_told_by_its_first_two_numbers() {
        assert_eq!(version("6.12.117+deb12-cloud-amd64"), Some((6, 12)));
        assert_eq!(version("6.6"), Some((6, 6)));
        assert!(version("5.10.0").unwrap() < SINCE && version("6.18-rc1").unwrap() > SINCE);
        assert_eq!(version("six"), None);
    }

    #[test]
    fn a_descriptor_that_is_given_is_taken_once() {
        let (receive, send) = pair().unwrap();
        assert!(take(&receive).is_none());
        give(&send, &receive).unwrap();
        let taken = take(&receive).unwrap();
        assert_ne!(taken.as_raw_fd(), receive.as_raw_fd());
        give(&send, &taken).unwrap();
        assert!(take(&taken).is_some() && take(&receive).is_none());
    }
}
