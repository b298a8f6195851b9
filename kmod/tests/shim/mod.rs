//! The C shim's half of the border, played in user space: the helpers that the Rust object asks for, about a task whose
//! every answer is fixed, and a ring to record into. What a probe would see, a test hands in.

use kestrel_core::abi::{FilterLoad, Frame, Interest};
use kestrel_core::event::{FdHead, MAX_RECORD, Record, TaskContext};
use kestrel_core::fill::{Identity, ProcessImage};
use kestrel_core::filter::Registers;
use kestrel_core::schema::{EventId, EventSet};
use kestrel_kmod::{Facts, File, Marks, Named, Names, PROGRAM_BYTES, Process, Recorder, Request, Seen, Wanted};
use std::alloc::{Layout, alloc_zeroed, dealloc};
use std::ptr::NonNull;
use std::sync::atomic::AtomicU64;

/// `struct kestrel_map`.
#[repr(C)]
struct Map {
    consumer: *mut u8,
    producer: *mut u8,
    data: *mut u8,
    data_bytes: u64,
}

// SAFETY: the declarations are those of `kestrel.h`, and the object defines them all.
unsafe extern "C" {
    fn kestrel_rs_tables(wanted: *mut Wanted);
    fn kestrel_rs_ring(at: *mut u8, map: *const Map);
    fn kestrel_rs_readable(producer: *const u8) -> bool;
    fn kestrel_rs_hello(frame: *mut Frame, facts: *const Facts) -> i32;
    fn kestrel_rs_interest(wanted: *mut Wanted, interest: *const Interest);
    fn kestrel_rs_lifecycle_only(wanted: *mut Wanted);
    fn kestrel_rs_filter(at: *mut u8, bytes: *const u8, len: usize, load: *mut FilterLoad) -> i32;
    fn kestrel_rs_native_exit(wanted: *mut Wanted, producer: *mut u8, program: *const u8, seen: *const Seen) -> u64;
    fn kestrel_rs_compat_exit(wanted: *mut Wanted, producer: *mut u8, program: *const u8, seen: *const Seen) -> u64;
    fn kestrel_rs_fork(wanted: *mut Wanted, producer: *mut u8, seen: *const Seen, child: *const TaskContext) -> u64;
    fn kestrel_rs_exec(
        wanted: *mut Wanted,
        producer: *mut u8,
        seen: *const Seen,
        filename: *const u8,
        filename_len: usize,
        by_descriptor: bool,
    ) -> u64;
    fn kestrel_rs_exit(
        wanted: *mut Wanted,
        producer: *mut u8,
        seen: *const Seen,
        code: i32,
        reaper_tid: u32,
        group_dead: bool,
    ) -> u64;
    fn kestrel_rs_signal(
        wanted: *mut Wanted,
        producer: *mut u8,
        program: *const u8,
        seen: *const Seen,
        sender: u32,
        signal: u32,
    ) -> u64;
    fn kestrel_rs_page_fault(
        wanted: *mut Wanted,
        producer: *mut u8,
        program: *const u8,
        seen: *const Seen,
        address: u64,
        instruction: u64,
        code: u64,
    ) -> u64;
    fn kestrel_rs_request(
        wanted: *mut Wanted,
        producer: *mut u8,
        program: *const u8,
        seen: *const Seen,
        request: *const Request,
        missed: u32,
    ) -> u64;
}

/// Thread id that the fake kernel gives for the running task.
pub const TID: u32 = 4711;

macro_rules! helper {
    ($name:ident ( $($arg:ident : $ty:ty),* ) -> $ret:ty $body:block) => {
        // SAFETY: no other symbol of this test has the name; the object's declaration is the same.
        #[unsafe(no_mangle)]
        extern "C" fn $name($($arg: $ty),*) -> $ret $body
    };
}

helper!(kestrel_now() -> u64 { 77 });
// Nothing of user memory can be read, and no descriptor is open: the records are about what the registers say.
helper!(kestrel_read_user(_address: u64, _to: *mut u8, _len: usize) -> i32 { -14 });
helper!(kestrel_read_user_string(_address: u64, _to: *mut u8, _len: usize, _cut: *mut bool) -> i64 { -14 });
helper!(kestrel_process_strings(_environment: bool, _to: *mut u8, _len: usize, _cut: *mut bool) -> i64 { -2 });
helper!(kestrel_working_directory(_to: *mut u8, _len: usize) -> i64 { -2 });
helper!(kestrel_executable(_to: *mut u8, _len: usize) -> i64 { -2 });
// A length that no buffer has: the object must not believe it.
helper!(kestrel_cgroup_path(_to: *mut u8, len: usize) -> i64 { len as i64 + 1 });
helper!(kestrel_describe_fd(_fd: i32, _head: *mut FdHead, _tail: *mut u8, _len: usize) -> i64 { -9 });
helper!(kestrel_describe_file(_file: *mut File, fd: i32, head: *mut FdHead, tail: *mut u8, len: usize) -> i64 {
    let path = b"/held";
    if len < path.len() {
        return -36;
    }
    // SAFETY: the object hands in a head of its own, and a tail of `len` bytes.
    unsafe {
        head.write(FdHead { fd, kind: 1, ..FdHead::default() });
        tail.copy_from_nonoverlapping(path.as_ptr(), path.len());
    }
    path.len() as i64
});
helper!(kestrel_listen_queue(_fd: i32, _out: *mut [u32; 2]) -> i32 { -88 });
helper!(kestrel_current_task(out: *mut TaskContext) -> () {
    // SAFETY: the object hands in a task context of its own.
    unsafe { out.write(TaskContext { tid: TID, pid: TID, ..TaskContext::default() }) }
});
helper!(kestrel_receiving_task(out: *mut TaskContext) -> () {
    // SAFETY: the object hands in a task context of its own.
    unsafe { out.write(TaskContext { tid: TID, pid: TID, ..TaskContext::default() }) }
});
helper!(kestrel_current_identity(out: *mut Identity) -> () {
    // SAFETY: the object hands in an identity of its own.
    unsafe { out.write(Identity { tid: TID, pid: TID, uid: 1000, ..Identity::default() }) }
});
helper!(kestrel_current_process(out: *mut Process) -> () {
    // SAFETY: the object hands in a process of its own.
    unsafe { out.write(Process { pid: TID, start_time: 1 }) }
});

helper!(kestrel_named(_generation: u32, _out: *mut Named) -> i32 { -11 });

/// The table of marked processes: empty.
// SAFETY: no other symbol of this test has the name.
#[unsafe(no_mangle)]
static kestrel_marks: Empty<{ size_of::<Marks>() / 8 }> = Empty([const { AtomicU64::new(0) }; _]);

/// The table of names: empty.
// SAFETY: no other symbol of this test has the name.
#[unsafe(no_mangle)]
static kestrel_names: Empty<{ size_of::<Names>() / 8 }> = Empty([const { AtomicU64::new(0) }; _]);

/// As many zeros as a table is long: an empty one.
#[repr(C, align(8))]
struct Empty<const WORDS: usize>([AtomicU64; WORDS]);

helper!(kestrel_current_image(out: *mut ProcessImage) -> () {
    // SAFETY: the object hands in an image of its own.
    unsafe { out.write(ProcessImage::default()) }
});

/// Size of the ring's data area: enough that no test comes near its end.
const DATA: usize = 4 * MAX_RECORD;

#[repr(C, align(64))]
struct ProducerRoom([u8; size_of::<Recorder>()]);

/// One CPU: its ring, and what its consumer asked for.
pub struct Cpu {
    memory: NonNull<u8>,
    producer: Box<ProducerRoom>,
    wanted: Box<Wanted>,
    program: Option<(Box<[u64; PROGRAM_BYTES / 8]>, Vec<u64>)>,
    read: usize,
}

const PAGE: usize = 4096;

fn layout() -> Layout {
    Layout::from_size_align(2 * PAGE + 2 * DATA, PAGE).unwrap()
}

impl Cpu {
    /// A CPU whose consumer asked for these events.
    pub fn asked_for(events: impl IntoIterator<Item = EventId>) -> Cpu {
        // SAFETY: the layout is not empty.
        let memory = NonNull::new(unsafe { alloc_zeroed(layout()) }).expect("memory");
        let mut cpu = Cpu {
            memory,
            producer: Box::new(ProducerRoom([0; size_of::<Recorder>()])),
            wanted: Box::new(Wanted::default()),
            program: None,
            read: 0,
        };
        let start = memory.as_ptr();
        // SAFETY: both pages and twice the data lie in the memory, which lives as long as the producer. No record comes near
        // the end of the first half, so that the halves need not be the same memory.
        unsafe {
            let map =
                Map { consumer: start, producer: start.add(PAGE), data: start.add(2 * PAGE), data_bytes: DATA as u64 };
            kestrel_rs_tables(&mut *cpu.wanted);
            kestrel_rs_ring(cpu.producer.0.as_mut_ptr(), &map);
            let interest = Interest::from(&events.into_iter().collect::<EventSet>());
            kestrel_rs_interest(&mut *cpu.wanted, &interest);
        }
        cpu
    }

    /// What the probe's bitmap says.
    pub fn lets_through(&self, nr: u32, compat: bool) -> bool {
        self.wanted.lets_through(nr, compat)
    }

    /// A system call returned: the probe looks at its bitmap first.
    pub fn sys_exit(&mut self, seen: Seen) {
        if !self.lets_through(seen.nr, seen.compat != 0) {
            return;
        }
        let sys_exit = if seen.compat != 0 { kestrel_rs_compat_exit } else { kestrel_rs_native_exit };
        // SAFETY: the CPU's own memory.
        unsafe { sys_exit(&mut *self.wanted, self.producer.0.as_mut_ptr(), self.program(), &seen) };
    }

    pub fn fork(&mut self, seen: Seen, child: TaskContext) {
        // SAFETY: the CPU's own memory.
        unsafe { kestrel_rs_fork(&mut *self.wanted, self.producer.0.as_mut_ptr(), &seen, &child) };
    }

    pub fn exec(&mut self, seen: Seen, filename: &[u8], by_descriptor: bool) {
        let producer = self.producer.0.as_mut_ptr();
        // SAFETY: the CPU's own memory, and a slice with its length.
        unsafe {
            kestrel_rs_exec(&mut *self.wanted, producer, &seen, filename.as_ptr(), filename.len(), by_descriptor)
        };
    }

    pub fn exit(&mut self, code: i32, reaper_tid: u32, group_dead: bool) {
        let producer = self.producer.0.as_mut_ptr();
        // SAFETY: the CPU's own memory.
        unsafe { kestrel_rs_exit(&mut *self.wanted, producer, &Seen::default(), code, reaper_tid, group_dead) };
    }

    pub fn signal(&mut self, sender: u32, signal: u32) {
        let producer = self.producer.0.as_mut_ptr();
        // SAFETY: the CPU's own memory.
        unsafe { kestrel_rs_signal(&mut *self.wanted, producer, self.program(), &Seen::default(), sender, signal) };
    }

    pub fn page_fault(&mut self, address: u64, instruction: u64, code: u64) {
        let (producer, program) = (self.producer.0.as_mut_ptr(), self.program());
        let seen = Seen::default();
        // SAFETY: the CPU's own memory.
        unsafe { kestrel_rs_page_fault(&mut *self.wanted, producer, program, &seen, address, instruction, code) };
    }

    /// A request of io_uring with these names; `held` if the shim holds its file. `missed` others were not followed.
    pub fn request(&mut self, ret: i64, request: Request, names: [&str; 2], held: bool, missed: u32) {
        let mut file = 0_u8;
        let request = Request {
            names: names.map(|name| if name.is_empty() { std::ptr::null() } else { name.as_ptr() }),
            name_lens: names.map(|name| name.len() as u32),
            file: if held { (&raw mut file).cast() } else { std::ptr::null_mut() },
            ..request
        };
        let seen = Seen { registers: Registers::of([0; 6], ret), nr: u32::MAX, ..Seen::default() };
        let producer = self.producer.0.as_mut_ptr();
        // SAFETY: the CPU's own memory; names with their lengths; a file that only this file's helper is given.
        unsafe { kestrel_rs_request(&mut *self.wanted, producer, self.program(), &seen, &request, missed) };
    }

    /// Loads a program: what SET_FILTER does. The answer, and what the structure says then.
    pub fn load(&mut self, bytes: &[u8]) -> (i32, FilterLoad) {
        let mut words = vec![0_u64; bytes.len().div_ceil(8)];
        // SAFETY: the words have room for the bytes.
        unsafe { words.as_mut_ptr().cast::<u8>().copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()) };
        let mut view = Box::new([0; PROGRAM_BYTES / 8]);
        let mut load = FilterLoad::default();
        // SAFETY: there is room for a view, and the bytes stay as long as it.
        let answer =
            unsafe { kestrel_rs_filter(view.as_mut_ptr().cast(), words.as_ptr().cast(), bytes.len(), &mut load) };
        if answer == 0 {
            self.program = Some((view, words));
        }
        (answer, load)
    }

    fn program(&self) -> *const u8 {
        self.program.as_ref().map_or(std::ptr::null(), |(view, _)| view.as_ptr().cast())
    }

    /// What is left of the wish when a consumer goes without a word, and everything is not to be kept.
    pub fn lifecycle_only(&mut self) {
        // SAFETY: the CPU's own memory.
        unsafe { kestrel_rs_lifecycle_only(&mut *self.wanted) };
    }

    /// How often an event was seen and rejected.
    pub fn counts(&self, event: EventId) -> (u64, u64) {
        const COUNTED: usize = kestrel_core::abi::COUNTED_EVENTS;
        let counts = size_of::<Recorder>() - 24 * COUNTED;
        let word = |at: usize| {
            let at = counts + at * 8;
            u64::from_ne_bytes(self.producer.0[at..at + 8].try_into().unwrap())
        };
        let [at_once, seen, rejected] = [0, 1, 2].map(|row| word(row * COUNTED + usize::from(event.0)));
        (seen + at_once, rejected + at_once)
    }

    /// What a poll would say.
    pub fn readable(&self) -> bool {
        // SAFETY: the producer was set up.
        unsafe { kestrel_rs_readable(self.producer.0.as_ptr()) }
    }

    /// The next record; `None` if there is none.
    pub fn next(&mut self) -> Option<Record<'_>> {
        let at = self.read;
        // SAFETY: the data lies there, and nobody writes while the record is borrowed from `self`.
        let bytes = unsafe { std::slice::from_raw_parts(self.memory.as_ptr().add(2 * PAGE + at), DATA - at) };
        if bytes[..4] == [0; 4] {
            return None;
        }
        let record = Record::parse(bytes).expect("a record");
        self.read += record.bytes().len();
        Some(record)
    }
}

impl Drop for Cpu {
    fn drop(&mut self) {
        // SAFETY: allocated with the same layout; the producer is not used any more.
        unsafe { dealloc(self.memory.as_ptr(), layout()) }
    }
}

/// HELLO, as the ioctl does it.
pub fn hello(frame: &mut Frame, facts: &Facts) -> i32 {
    // SAFETY: both are the caller's own.
    unsafe { kestrel_rs_hello(frame, facts) }
}
