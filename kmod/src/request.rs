//! A request of io_uring, as the system call that it stands for.
//!
//! What a call would have in user memory (names, the structure of openat2), a request has in the kernel's: it is found under
//! addresses that no program can have, so that fillers need not know the difference.
#![forbid(unsafe_code)]

use crate::current::Current;
use crate::ffi::{self, File, Request};
use kestrel_core::event::{FdHead, TaskContext};
use kestrel_core::fill::{
    Call, Identity, Kernel, ListenQueue, ProcessImage, ProcessName, Strings, TaskPath, Unavailable, UserString,
};
use kestrel_core::schema::{EventId, id};

/// Where the names and the structure of openat2 are found: in the last page of the address space, which is the kernel's.
const NAMES: [u64; 2] = [u64::MAX - 0xfff, u64::MAX - 0xfef];
const HOW: u64 = u64::MAX - 0xeff;

/// Stands for a file that has no descriptor.
pub(crate) const NO_NUMBER: i32 = i32::MAX;

/// A request that was carried out.
pub(crate) struct Carried<'a> {
    pub request: &'a Request,
    pub names: [Option<&'a [u8]>; 2],
    pub file: Option<&'a File>,
}

impl Carried<'_> {
    /// The event it is (`IORING_OP_*`, `linux/io_uring.h`); `None` for those that are not recorded.
    pub fn event(&self) -> Option<EventId> {
        match self.request.opcode {
            16 => Some(id::CONNECT),
            18 => Some(id::OPENAT),
            28 => Some(id::OPENAT2),
            35 => Some(id::RENAMEAT2),
            36 => Some(id::UNLINKAT),
            37 => Some(id::MKDIRAT),
            38 => Some(id::SYMLINKAT),
            39 => Some(id::LINKAT),
            _ => None,
        }
    }

    /// The call that it stands for, with this result.
    pub fn call(&self, event: EventId, ret: i64) -> Call {
        let request = self.request;
        let [old, new] = request.dirs.map(|dir| i64::from(dir).cast_unsigned());
        let [first, second] = NAMES;
        let flags = u64::from(request.flags);
        let [how_flags, how_mode, _] = request.how;
        let args = match event {
            id::CONNECT => {
                let fd = if request.fd < 0 { NO_NUMBER } else { request.fd };
                [i64::from(fd).cast_unsigned(), request.address, request.address_len.into(), 0, 0, 0]
            }
            id::OPENAT => [old, first, how_flags, how_mode, 0, 0],
            id::OPENAT2 => [old, first, HOW, 24, 0, 0],
            id::UNLINKAT | id::MKDIRAT => [old, first, flags, 0, 0, 0],
            id::SYMLINKAT => [first, new, second, 0, 0, 0],
            _ => [old, first, new, second, flags, 0],
        };
        // What was opened into the ring's own table has a place there, which is no descriptor.
        let ret = if ret >= 0 && request.own_table != 0 { NO_NUMBER.into() } else { ret };
        Call { event, nr: u32::MAX, args, ret, compat: false, lost: false }
    }
}

impl Kernel for Carried<'_> {
    fn read_user(&self, address: u64, buf: &mut [u8]) -> Result<(), Unavailable> {
        let Some(offset) = address.checked_sub(HOW).filter(|&offset| offset < 24) else {
            return Current.read_user(address, buf);
        };
        for (word, to) in (0..).zip(buf.chunks_mut(8)) {
            let from = self.request.how.get((offset as usize / 8).wrapping_add(word)).ok_or(Unavailable)?;
            for (to, from) in to.iter_mut().zip(from.to_ne_bytes()) {
                *to = from;
            }
        }
        Ok(())
    }

    fn read_user_string(&self, address: u64, buf: &mut [u8]) -> Result<UserString, Unavailable> {
        let Some(which) = NAMES.iter().position(|&name| name == address) else {
            return Current.read_user_string(address, buf);
        };
        let name = self.names.get(which).copied().flatten().ok_or(Unavailable)?;
        for (to, from) in buf.iter_mut().zip(name) {
            *to = *from;
        }
        let cut = name.len() > buf.len();
        Ok(UserString { len: if cut { buf.len() } else { name.len() }, cut })
    }

    fn task_context(&self, out: &mut TaskContext) {
        Current.task_context(out)
    }

    fn identity(&self, out: &mut Identity) {
        Current.identity(out)
    }

    fn marks(&self) -> Option<u64> {
        Current.marks()
    }

    fn process_name(&self, generation: u8) -> ProcessName {
        Current.process_name(generation)
    }

    fn task_path(&self, which: TaskPath, buf: &mut [u8]) -> Result<usize, Unavailable> {
        Current.task_path(which, buf)
    }

    fn describe_fd(&self, fd: i32, head: &mut FdHead, tail: &mut [u8]) -> Result<usize, Unavailable> {
        match self.file {
            Some(file) if fd == NO_NUMBER || fd == self.request.fd => ffi::describe_file(file, fd, head, tail),
            _ => Current.describe_fd(fd, head, tail),
        }
    }

    fn image(&self, out: &mut ProcessImage) {
        Current.image(out)
    }

    fn process_strings(&self, which: Strings, buf: &mut [u8]) -> Result<UserString, Unavailable> {
        Current.process_strings(which, buf)
    }

    fn listen_queue(&self, fd: i32) -> Result<ListenQueue, Unavailable> {
        Current.listen_queue(fd)
    }
}
