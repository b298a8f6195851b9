//! A call whose arguments point into memory of which its program says whatever it likes: what process_vm_readv(2) gives, and what
//! the kernel module copies.
//!
//! The law: whatever lies there, a record is written within its room and can be read, or there is none. The input begins with the
//! call: event, flags, result, six arguments, each a place in the memory or a number; the rest is the memory.
#![no_main]

use kestrel_core::event::{FdHead, Flags, MAX_RECORD, Record, RecordHeader, TaskContext};
use kestrel_core::fill::{
    self, Call, Draft, Kernel, ListenQueue, ProcessImage, Strings, TaskPath, Unavailable, UserString,
};
use kestrel_core::schema::{EVENT_COUNT, EventId};
use libfuzzer_sys::fuzz_target;
use zerocopy::IntoBytes;

/// Where the memory begins.
const BASE: u64 = 0x10_0000;

/// Numbers of calls that hold others: socketcall(2) and ipc(2) of 32-bit programs.
const MULTIPLEXED: [u32; 2] = [102, 117];

/// A task that has memory, and nothing else.
struct Task<'a>(&'a [u8]);

impl Task<'_> {
    fn at(&self, address: u64) -> Result<&[u8], Unavailable> {
        let from = address.checked_sub(BASE).and_then(|from| usize::try_from(from).ok()).ok_or(Unavailable)?;
        self.0.get(from..).filter(|left| !left.is_empty()).ok_or(Unavailable)
    }
}

impl Kernel for Task<'_> {
    fn read_user(&self, address: u64, buf: &mut [u8]) -> Result<(), Unavailable> {
        buf.copy_from_slice(self.at(address)?.get(..buf.len()).ok_or(Unavailable)?);
        Ok(())
    }

    fn read_user_string(&self, address: u64, buf: &mut [u8]) -> Result<UserString, Unavailable> {
        let text = self.at(address)?;
        // Without a NUL it goes on to where nothing can be read.
        let end = text.iter().position(|&b| b == 0).ok_or(Unavailable)?;
        let len = end.min(buf.len());
        buf[..len].copy_from_slice(&text[..len]);
        Ok(UserString { len, cut: len < end })
    }

    fn task_context(&self, out: &mut TaskContext) {
        *out = TaskContext::default();
    }

    fn task_path(&self, _which: TaskPath, buf: &mut [u8]) -> Result<usize, Unavailable> {
        let path = b"/home/user";
        buf.get_mut(..path.len()).ok_or(Unavailable)?.copy_from_slice(path);
        Ok(path.len())
    }

    fn describe_fd(&self, fd: i32, head: &mut FdHead, tail: &mut [u8]) -> Result<usize, Unavailable> {
        *head = FdHead { fd, ..FdHead::default() };
        self.task_path(TaskPath::WorkingDirectory, tail)
    }

    fn image(&self, _out: &mut ProcessImage) {}

    fn process_strings(&self, _which: Strings, buf: &mut [u8]) -> Result<UserString, Unavailable> {
        self.read_user_string(BASE, buf)
    }

    fn listen_queue(&self, _fd: i32) -> Result<ListenQueue, Unavailable> {
        Err(Unavailable)
    }
}

fuzz_target!(|input: &[u8]| {
    let Some((&[event, high, kind, ret], rest)) = input.split_first_chunk() else { return };
    let Some((arguments, memory)) = rest.split_first_chunk::<12>() else { return };
    let mut args = [0; 6];
    for (argument, pair) in args.iter_mut().zip(arguments.chunks_exact(2)) {
        let value = u64::from(u16::from_le_bytes([pair[0], pair[1]]));
        // One in four is a number: small, or as large as they get.
        *argument = match value % 4 {
            0 if value >= 1 << 15 => u64::MAX - value,
            0 => value >> 2,
            _ => BASE + (value >> 2),
        };
    }
    let task = Task(memory);
    let ret = i64::from(ret.cast_signed());
    let event = EventId(u16::from_le_bytes([event, high]) % EVENT_COUNT as u16);
    let mut call = Call { event, nr: 0, args, ret, compat: kind & 1 != 0, lost: false };
    if kind & 6 == 6 {
        let Some(behind) = fill::multiplexed(&task, MULTIPLEXED[usize::from(kind >> 3 & 1)], args, ret) else { return };
        call = behind;
    }
    fill::unpack(&task, &mut call);
    let mut room = vec![0_u64; MAX_RECORD / size_of::<u64>()];
    let mut draft = Draft::begin(&task, &call, Flags::default());
    if draft.place(room.as_mut_bytes()).is_err() {
        return;
    }
    let Ok(len) = draft.finish(RecordHeader::default()) else { return };
    let record = Record::parse(&room.as_bytes()[..len]).expect("what was written can be read");
    for index in 0..record.param_count() {
        let _ = record.param(index);
    }
});
