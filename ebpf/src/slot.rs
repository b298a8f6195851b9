//! A capture in the making: where it lies, and how chunks are put behind each other.
//!
//! NOTE: every position is masked where it is used, because that is what the verifier can follow: a value that comes from a map
//! is any number to it. Behind the greatest position there is room for the longest single copy.

use crate::capture::{CaptureHead, ChunkHead, Offset, Op, Plan, chunk, op};
use crate::finish;
use crate::helpers::{self, Context};
use crate::judge::Judging;
use crate::maps::{self, Map, offset, plan};
use crate::read::{Copied, Read, Typed, number};
use crate::{task, walk};
use core::cell::Cell;

/// Longest single copy, in bytes.
pub const COPY: usize = 4112;

/// Size of a slot with room for everything.
pub const LARGE: usize = size_of::<Work>() + LARGE_MASK as usize + 8 + COPY;

/// Size of a slot that holds little.
pub const SMALL: usize = size_of::<Work>() + SMALL_MASK as usize + 8 + 512;

const LARGE_MASK: u32 = 0x7fff;
const SMALL_MASK: u32 = 0x3ff;

/// What operations leave for each other.
#[repr(C)]
pub struct Work {
    /// The plan's number.
    pub plan: Cell<u32>,
    /// The operation's number in it.
    pub at: Cell<u32>,
    /// That operation.
    pub op: Cell<Op>,
    /// Where the next chunk begins.
    pub end: Cell<u32>,
    /// Where the chunk begins that is being written.
    pub chunk: Cell<u32>,
    /// The string that was copied last is a relative path.
    pub relative: Cell<u32>,
    /// The capture has become too long.
    pub too_long: Cell<u32>,
    /// Turns of walks so far, besides the first one of each.
    pub turns: Cell<u32>,
    /// Entries of a list so far.
    pub entries: Cell<u32>,
    /// The arguments, as wide as the caller's words; the result; and nothing.
    pub args: [Cell<u64>; 8],
    /// Where the walk is.
    pub dentry: Cell<u64>,
    /// On which mount.
    pub mount: Cell<u64>,
    /// Where it ends.
    pub root_dentry: Cell<u64>,
    /// On which mount.
    pub root_mount: Cell<u64>,
    /// The flags of [`CaptureHead::flags`].
    pub compat: Cell<u32>,
    /// Of a request of io_uring, which of its names are relative paths: a bit each.
    pub names_relative: Cell<u32>,
    /// Of a request, the file that this descriptor stands for; 0 if it is the task's own.
    pub file: Cell<u64>,
    /// That descriptor.
    pub file_number: Cell<u32>,
    /// The number of [`op::END`], which is nobody's to change (see [`Slot::go_on`]).
    end_operation: Cell<u32>,
    /// The root of the mount on which the walk is.
    pub mount_root: Cell<u64>,
    /// The root of the mount on which it ends.
    pub root_mount_root: Cell<u64>,
    /// Of a vector of buffers: bytes that are left to be copied.
    pub left: Cell<u32>,
    /// How many there are.
    pub listed: Cell<u32>,
    /// Where it lies.
    pub list_at: Cell<u32>,
    /// Zero.
    pub nothing: Cell<u32>,
    /// A vector of buffers: where it is, how many there are, how many bytes of them are wanted.
    vector: [Cell<u64>; 3],
    /// A part of a kernel structure.
    part: [Cell<u64>; 16],
    /// A part of a dentry, which holds its name; and which dentry that is, or 0.
    pub name: [Cell<u64>; walk::NAMED / 8],
    pub named: Cell<u64>,
    /// What is left of an evaluation.
    pub judging: Judging,
}

const _: () = assert!(op::END == 0);

/// What may be told apart at compile time: one for each entry.
pub trait Kind {
    /// Its slots.
    const SLOTS: &'static Map;
    /// Its operations.
    const OPERATIONS: &'static Map;
    /// The positions in a slot.
    const MASK: u32;
    /// The lengths of copies of user memory, as a mask.
    const LONGEST: u32;
    /// It is a request of io_uring.
    const IS_REQUEST: bool = false;
}

/// System calls.
pub struct OfCall;

impl Kind for OfCall {
    const SLOTS: &'static Map = &maps::CALL_SLOTS;
    const OPERATIONS: &'static Map = &maps::CALL_OPERATIONS;
    const MASK: u32 = LARGE_MASK;
    const LONGEST: u32 = 0xfff;
}

/// Requests of io_uring.
pub struct OfRequest;

impl Kind for OfRequest {
    const SLOTS: &'static Map = &maps::REQUEST_SLOTS;
    const OPERATIONS: &'static Map = &maps::REQUEST_OPERATIONS;
    const MASK: u32 = LARGE_MASK;
    const LONGEST: u32 = 0xfff;
    const IS_REQUEST: bool = true;
}

/// Execs.
pub struct OfExec;

impl Kind for OfExec {
    const SLOTS: &'static Map = &maps::EXEC_SLOTS;
    const OPERATIONS: &'static Map = &maps::EXEC_OPERATIONS;
    const MASK: u32 = LARGE_MASK;
    const LONGEST: u32 = 0xfff;
}

/// Forks.
pub struct OfFork;

impl Kind for OfFork {
    const SLOTS: &'static Map = &maps::FORK_SLOTS;
    const OPERATIONS: &'static Map = &maps::FORK_OPERATIONS;
    const MASK: u32 = SMALL_MASK;
    const LONGEST: u32 = 0xff;
}

/// Exits, which need no operation.
pub struct OfExit;

impl Kind for OfExit {
    const SLOTS: &'static Map = &maps::EXIT_SLOTS;
    const OPERATIONS: &'static Map = &maps::FORK_OPERATIONS;
    const MASK: u32 = SMALL_MASK;
    const LONGEST: u32 = 0xff;
}

/// Signals, which need none either.
pub struct OfSignal;

impl Kind for OfSignal {
    const SLOTS: &'static Map = &maps::SIGNAL_SLOTS;
    const OPERATIONS: &'static Map = &maps::FORK_OPERATIONS;
    const MASK: u32 = SMALL_MASK;
    const LONGEST: u32 = 0xff;
}

/// The slot of the CPU.
pub struct Slot<K> {
    base: *mut u8,
    kind: core::marker::PhantomData<K>,
}

impl<K: Kind> Slot<K> {
    /// The slot of this CPU.
    #[inline(always)]
    pub fn of_cpu() -> Option<Slot<K>> {
        Slot::at(helpers::cpu())
    }

    /// The slot of this CPU, whose number is known already.
    #[inline(always)]
    pub fn at(cpu: u32) -> Option<Slot<K>> {
        let base = helpers::lookup(K::SLOTS, cpu);
        if base.is_null() { None } else { Some(Slot { base, kind: core::marker::PhantomData }) }
    }

    /// What operations leave for each other.
    #[inline(always)]
    pub fn work(&self) -> &Work {
        // SAFETY: a slot begins with it, and this CPU's is in nobody else's hands (see `main.rs`); any bytes are one.
        unsafe { &*self.base.cast::<Work>() }
    }

    /// Does the caller have words of 32 bits? As often as it is asked, the verifier does not know.
    #[inline(always)]
    pub fn is_compat(&self) -> bool {
        // SAFETY: it is there.
        unsafe { core::ptr::read_volatile(self.work().compat.as_ptr()) != 0 }
    }

    #[inline(always)]
    fn head(&self) -> *mut CaptureHead {
        self.room(0).cast()
    }

    /// Begins the head: what happened, and where.
    #[inline(always)]
    pub fn begin_head(&self, kind: u8, flags: u8, cpu: u32) {
        let head = self.head();
        // SAFETY: a capture begins with its head, for which there is room; so below.
        unsafe {
            (*head).kind = kind;
            (*head).flags = flags;
            (*head).cpu = cpu as u16;
            (*head).value = 0;
        }
    }

    /// Says when it happened.
    #[inline(always)]
    pub fn stamp(&self) {
        // SAFETY: as for `begin_head`.
        unsafe { (*self.head()).boot_ns = helpers::boot_ns() };
    }

    /// Says which system call it is, with which arguments and result.
    #[inline(always)]
    pub fn set_call(&self, nr: u32, args: [u64; 6], ret: i64) {
        let head = self.head();
        // SAFETY: as for `begin_head`.
        unsafe {
            (*head).nr = nr;
            (*head).args = args;
            (*head).ret = ret;
        }
    }

    /// Says what is known of an exit or a signal.
    #[inline(always)]
    pub fn set_end(&self, nr: u32, value: u32, ret: i64) {
        let head = self.head();
        // SAFETY: as for `begin_head`.
        unsafe {
            (*head).nr = nr;
            (*head).args = [0; 6];
            (*head).value = value;
            (*head).ret = ret;
        }
    }

    /// Says how long the capture is, and its number.
    #[inline(always)]
    pub fn end_head(&self, len: u32, seq: u64) {
        let head = self.head();
        // SAFETY: as for `begin_head`.
        unsafe {
            (*head).len = len;
            (*head).seq = seq;
        }
    }

    /// Fills in who the current task is.
    #[inline(always)]
    pub fn fill_task(&self) {
        if maps::follows_types() {
            self.fill_task_by::<Typed>();
        } else {
            self.fill_task_by::<Copied>();
        }
    }

    /// The same, for who knows how it is read.
    #[inline(always)]
    pub fn fill_task_by<R: Read>(&self) {
        // SAFETY: as for `begin_head`; any bytes are a context, and nobody else refers to it meanwhile.
        task::fill_current::<R>(unsafe { &mut (*self.head()).task });
    }

    /// The room at a position: for any single copy.
    #[inline(always)]
    pub fn room(&self, position: u32) -> *mut u8 {
        // SAFETY: a masked position is in the slot.
        unsafe { self.base.add(size_of::<Work>() + (position & K::MASK) as usize) }
    }

    /// Copies `BYTES` of a structure, from a member on that comes before others that are wanted: which costs less than each of these.
    /// Where the verifier knows what lies there, nothing is copied: members are read as they are, which costs least.
    #[inline(always)]
    pub fn part<const IS_TYPED: bool, const BYTES: usize>(&self, base: u64, from: u32) -> Part<IS_TYPED, BYTES> {
        self.part_in(&self.work().part, base, from)
    }

    /// The same, with room of its own.
    #[inline(always)]
    pub fn part_in<const IS_TYPED: bool, const BYTES: usize, const WORDS: usize>(
        &self,
        room: &[Cell<u64>; WORDS],
        base: u64,
        from: u32,
    ) -> Part<IS_TYPED, BYTES> {
        let part = self.part_of(room, base, from);
        if !IS_TYPED {
            // SAFETY: there is room.
            unsafe { helpers::read_kernel(part.at.cast_mut(), BYTES as u32, base.wrapping_add(from.into())) };
        }
        part
    }

    /// The same, of what was copied there before.
    #[inline(always)]
    pub fn part_of<const IS_TYPED: bool, const BYTES: usize, const WORDS: usize>(
        &self,
        room: &[Cell<u64>; WORDS],
        base: u64,
        from: u32,
    ) -> Part<IS_TYPED, BYTES> {
        const { assert!(BYTES <= WORDS * size_of::<u64>()) };
        Part { base, from, at: room.as_ptr().cast() }
    }

    /// The vector of buffers that is to be copied ([`Work::vector`]).
    #[inline(always)]
    pub fn vector(&self) -> &[Cell<u64>; 3] {
        &self.work().vector
    }

    /// The whole capture.
    #[inline(always)]
    pub fn capture(&self) -> *const u8 {
        self.room(0)
    }

    /// A number at a position.
    #[inline(always)]
    pub fn number_at<T: Copy>(&self, position: u32) -> T {
        // SAFETY: there is room for any single copy; T is a number, and a position is aligned as its number is.
        unsafe { core::ptr::read_volatile(self.room(position).cast()) }
    }

    /// Where the next chunk begins.
    #[inline(always)]
    pub fn end(&self) -> u32 {
        // SAFETY: it is there. That nothing is known of it is what the masks are for.
        unsafe { core::ptr::read_volatile(self.work().end.as_ptr()) }
    }

    /// Begins a chunk; gives where its bytes begin.
    #[inline(always)]
    pub fn open(&self, kind: u8, key: u64) -> u32 {
        let at = self.end();
        self.work().chunk.set(at);
        let head = ChunkHead { kind, flags: 0, reserved: 0, len: 0, key };
        // SAFETY: there is room for any single copy.
        unsafe { self.room(at).cast::<ChunkHead>().write(head) };
        at.wrapping_add(size_of::<ChunkHead>() as u32)
    }

    /// Ends the chunk that was begun last, with so many bytes.
    #[inline(always)]
    pub fn close(&self, len: u32, flags: u8) {
        // SAFETY: as for `end`.
        let at = unsafe { core::ptr::read_volatile(self.work().chunk.as_ptr()) };
        let head = self.room(at).cast::<ChunkHead>();
        // SAFETY: it was written there.
        unsafe {
            (*head).len = len;
            (*head).flags = flags;
        }
        let end = at.wrapping_add(size_of::<ChunkHead>() as u32).wrapping_add(len.wrapping_add(7) & !7);
        self.reach(end);
    }

    /// The capture goes on to this position; if that is too far, it is too long.
    #[inline(always)]
    pub fn reach(&self, end: u32) {
        if end > K::MASK - 16 {
            self.work().too_long.set(1);
        } else {
            self.work().end.set(end);
        }
    }

    /// A chunk of one structure, which the caller fills in at the position given.
    #[inline(always)]
    pub fn chunk<T>(&self, kind: u8, key: u64) -> *mut T {
        let at = self.open(kind, key);
        self.close(size_of::<T>() as u32, 0);
        self.room(at).cast()
    }

    /// A chunk of user memory, all or nothing; gives where its bytes are.
    #[inline(always)]
    pub fn copy_user(&self, address: u64, len: u32) -> Option<u32> {
        let at = self.open(chunk::BYTES, address);
        // SAFETY: it is there. The compiler is not to know more of it than the verifier does.
        let len = unsafe { core::ptr::read_volatile(&raw const len) } & K::LONGEST;
        // SAFETY: there is room for any single copy.
        if len == 0 || unsafe { helpers::read_user(self.room(at), len, address) } != 0 {
            return None;
        }
        self.close(len, 0);
        Some(at)
    }

    /// The plan.
    #[inline(always)]
    pub fn plan(&self) -> Option<&'static Plan> {
        plan(self.work().plan.get())
    }

    /// The operation that is to be done.
    #[inline(always)]
    pub fn op(&self) -> Op {
        self.work().op.get()
    }

    /// An argument, or what the call returned.
    #[inline(always)]
    pub fn argument(&self, n: u8) -> u64 {
        let n = (n & 7) as usize;
        // SAFETY: there are eight.
        unsafe { (*self.work().args.as_ptr().add(n)).get() }
    }

    /// Goes on with the operation that follows.
    #[inline(always)]
    pub fn next(&self, context: *const Context) {
        self.work().at.set(self.work().at.get().wrapping_add(1));
        self.go_on(context);
    }

    /// The same. What is whole goes into the ring at once, which saves a program: for operations that are often the last.
    #[inline(always)]
    pub fn next_or_end(&self, context: *const Context) {
        self.work().at.set(self.work().at.get().wrapping_add(1));
        let Some(plan) = self.plan() else { return };
        let next = self.take(plan);
        if next.kind == op::END {
            return finish::whole(self, plan);
        }
        go_to::<K>(context, next.kind);
    }

    /// Makes the operation whose turn it is what is to be done.
    #[inline(always)]
    fn take(&self, plan: &Plan) -> Op {
        let at = (self.work().at.get() & 15) as usize;
        // SAFETY: there are sixteen.
        let op = unsafe { *plan.ops.as_ptr().add(at) };
        self.work().op.set(op);
        op
    }

    /// Goes on with the operation whose turn it is.
    #[inline(always)]
    pub fn go_on(&self, context: *const Context) {
        let Some(plan) = self.plan() else { return };
        helpers::tail_call(context, K::OPERATIONS, u32::from(self.take(plan).kind));
        // There is no such operation. The number comes from memory, because of each place that has it from a constant the kernel makes
        // a jump, which it changes while everybody waits, when the array is filled and when it is given up.
        // SAFETY: it is there.
        let end = unsafe { core::ptr::read_volatile(self.work().end_operation.as_ptr()) };
        helpers::tail_call(context, K::OPERATIONS, end);
        finish::count_fault();
    }
}

/// Goes on with an operation, which there is. What has too many programs in a row for the kernel is given up, and counted.
#[inline(always)]
pub fn go_to<K: Kind>(context: *const Context, operation: u8) {
    helpers::tail_call(context, K::OPERATIONS, operation.into());
    finish::count_fault();
}

/// A part of a structure, until the next one is copied.
pub struct Part<const IS_TYPED: bool, const BYTES: usize> {
    base: u64,
    from: u32,
    at: *const u8,
}

impl<const IS_TYPED: bool, const BYTES: usize> Part<IS_TYPED, BYTES> {
    /// A number that lies so many bytes behind the beginning of the structure; from the structure itself, where kernels differ so much
    /// that it is in no part.
    #[inline(always)]
    pub fn number<T: Copy>(&self, offset: u32) -> T {
        if IS_TYPED {
            return Typed::number(self.base.wrapping_add(offset.into()));
        }
        let end = self.from.wrapping_add(BYTES as u32);
        if offset >= self.from && offset.wrapping_add(size_of::<T>() as u32) <= end {
            // SAFETY: it lies in the part.
            unsafe { core::ptr::read_volatile(self.at.add(offset.wrapping_sub(self.from) as usize).cast()) }
        } else {
            number(self.base.wrapping_add(offset.into()))
        }
    }

    /// A member that is a number or a pointer.
    #[inline(always)]
    pub fn field<T: Copy>(&self, of: Offset) -> T {
        self.number(offset(of))
    }
}
