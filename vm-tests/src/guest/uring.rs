//! Does by requests of io_uring what other programs do by system calls.
#![allow(unsafe_code, reason = "the kernel works on what a request points to while the program goes on")]

use super::failure::{Failure, Outcome};
use io_uring::squeue::{Entry, Flags};
use io_uring::types::{DestinationSlot, Fd, Fixed, OpenHow};
use io_uring::{IoUring, opcode};
use nix::libc;
use std::ffi::CString;
use std::net::{SocketAddrV4, UdpSocket};
use std::os::fd::AsRawFd;

/// Milliseconds after which the kernel's thread that looks for requests goes to sleep.
const IDLE_MS: u32 = 50;

/// The directory that names are relative to.
const HERE: Fd = Fd(libc::AT_FDCWD);

/// One act, told by words: how it is carried out (`inline` in the submitting call, `worker` by a worker thread, `poller` by
/// the kernel's thread that looks for requests), then what.
///
/// # Errors
/// If the kernel refuses the request.
pub fn act(words: &[&str]) -> Outcome {
    let [how, what @ ..] = words else { return Err("io_uring: how?".into()) };
    let mut ring = if *how == "poller" { IoUring::builder().setup_sqpoll(IDLE_MS).build(8)? } else { IoUring::new(8)? };
    let name = |text: &str| CString::new(text).map_err(|error| Failure::from(error.to_string()));
    // Everything that a request points to lives until it is done.
    let names = what.iter().map(|word| name(word)).collect::<Outcome<Vec<CString>>>()?;
    let path = |index: usize| names.get(index).map_or(std::ptr::null(), |name| name.as_ptr());
    let how_to_open = OpenHow::new().flags(libc::O_RDONLY as u64);
    let address = libc::sockaddr_in {
        sin_family: libc::AF_INET as u16,
        sin_port: what.get(1).and_then(|port| port.parse::<u16>().ok()).unwrap_or(0).to_be(),
        sin_addr: libc::in_addr { s_addr: u32::from_ne_bytes([127, 0, 0, 1]) },
        sin_zero: [0; 8],
    };
    let socket = UdpSocket::bind(SocketAddrV4::new([127, 0, 0, 1].into(), 0))?;
    let entry = match what {
        ["open", _] => opcode::OpenAt::new(HERE, path(1)).flags(libc::O_RDONLY).build(),
        ["open2", _] => opcode::OpenAt2::new(HERE, path(1), &raw const how_to_open).build(),
        ["open-table", _] => {
            ring.submitter().register_files_sparse(4)?;
            let slot = DestinationSlot::try_from_slot_target(2).map_err(|_| "no such slot")?;
            opcode::OpenAt::new(HERE, path(1)).flags(libc::O_RDONLY).file_index(Some(slot)).build()
        }
        ["unlink", _] => opcode::UnlinkAt::new(HERE, path(1)).build(),
        ["mkdir", _] => opcode::MkDirAt::new(HERE, path(1)).mode(0o750).build(),
        ["rename", ..] => opcode::RenameAt::new(HERE, path(1), HERE, path(2)).build(),
        ["link", ..] => opcode::LinkAt::new(HERE, path(1), HERE, path(2)).build(),
        ["symlink", ..] => opcode::SymlinkAt::new(HERE, path(1), path(2)).build(),
        ["connect", _] => {
            let to = (&raw const address).cast();
            opcode::Connect::new(Fd(socket.as_raw_fd()), to, size_of_val(&address) as u32).build()
        }
        ["connect-table", _] => {
            ring.submitter().register_files(&[socket.as_raw_fd()])?;
            let to = (&raw const address).cast();
            opcode::Connect::new(Fixed(0), to, size_of_val(&address) as u32).build()
        }
        _ => return Err("io_uring: no such act".into()),
    };
    let entry = if *how == "worker" { entry.flags(Flags::ASYNC) } else { entry };
    carry_out(&mut ring, &entry)
}

fn carry_out(ring: &mut IoUring, entry: &Entry) -> Outcome {
    // SAFETY: the caller keeps what the request points to until this function has seen its end.
    unsafe { ring.submission().push(entry) }.map_err(|error| Failure::from(error.to_string()))?;
    ring.submit_and_wait(1)?;
    let result = ring.completion().next().ok_or("io_uring: no answer")?.result();
    if result < 0 {
        return Err(std::io::Error::from_raw_os_error(-result).into());
    }
    Ok(())
}
