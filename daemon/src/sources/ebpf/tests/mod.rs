//! What the plans promise the fillers, and how captures are read. The probe itself is tested in machines.

mod judge;

use super::captured::Captured;
use super::plan;
use super::record::{self, Numbers, Written};
use kestrel_core::capture::{self, CaptureHead, ChunkHead, FileFacts, ImageFacts, Op, Plan, chunk, kind, op};
use kestrel_core::event::{FdHead, FdKind, FdView, MAX_RECORD, PathFlags, PathView, Record, TaskContext};
use kestrel_core::fill::{self, Call, Kernel, ListenQueue, ProcessImage, Strings, TaskPath, Unavailable, UserString};
use kestrel_core::schema::{self, Abi, EventId, EventSet, From, event_of, id};
use std::cell::RefCell;
use zerocopy::{FromZeros, IntoBytes};

/// A capture in the making, as the probe puts it together.
struct Imitation {
    head: CaptureHead,
    chunks: Vec<u8>,
}

impl Imitation {
    fn of(kind: u8) -> Imitation {
        Imitation { head: CaptureHead { kind, ..CaptureHead::new_zeroed() }, chunks: Vec::new() }
    }

    fn chunk(&mut self, kind: u8, flags: u8, key: u64, bytes: &[u8]) {
        let head = ChunkHead { kind, flags, reserved: 0, len: bytes.len() as u32, key };
        self.chunks.extend_from_slice(head.as_bytes());
        self.chunks.extend_from_slice(bytes);
        self.chunks.resize(self.chunks.len().next_multiple_of(8), 0);
    }

    fn file(&mut self, fd: i32, path: &[&str]) {
        let facts = FileFacts { mode: 0o100_644, ino: 7, dev: 8 << 20 | 1, ..FileFacts::new_zeroed() };
        let bytes = [facts.as_bytes(), &names(path)].concat();
        self.chunk(chunk::FILE, chunk::WHOLE, u64::from(fd.cast_unsigned()), &bytes);
    }

    fn bytes(&mut self) -> Vec<u8> {
        self.head.len = (size_of::<CaptureHead>() + self.chunks.len()) as u32;
        [self.head.as_bytes(), &self.chunks].concat()
    }

    /// Does what a plan says, in a memory that is all zeros but for strings, which are relative paths.
    fn follow(&mut self, plan: &Plan, args: &[u64; 6], ret: i64) {
        let argument = |n: u8| args.get(usize::from(n)).copied().unwrap_or(ret.cast_unsigned());
        for todo in plan.ops.iter().take_while(|todo| todo.kind != op::END) {
            let due = !(todo.flags & Op::IF_DONE != 0 && ret < 0 || todo.flags & Op::IF_FAILED != 0 && ret >= 0);
            let address = argument(todo.arg);
            match todo.kind {
                op::VECTOR => {
                    let count = argument(todo.len_arg).min(capture::MOST_LENGTHS.into());
                    self.chunk(chunk::BYTES, 0, address, &vec![0; count as usize * 16]);
                }
                op::MESSAGE => self.chunk(chunk::BYTES, 0, address, &[0; 60]),
                op::FD_LIST => {
                    self.chunk(chunk::BYTES, 0, address, &[0; 16 * 8]);
                    self.file(0, &["in"]);
                }
                op::JUDGE => {}
                _ if !due => {}
                op::DIR_FD if address as i32 == fill::AT_FDCWD => self.path(op::CWD),
                op::FD if todo.flags & Op::BEHIND != 0 => self.file(0, &["in"]),
                op::FD | op::DIR_FD => self.file(address as i32, &["file", "dir"]),
                op::STRING => self.chunk(chunk::STRING, 0, address, b"string"),
                op::STRINGS => {
                    for n in 0..2 {
                        self.chunk(chunk::BYTES, 0, address + n * 8, &[0; 8]);
                    }
                }
                op::BYTES => {
                    let given = if todo.len_arg < Op::NONE { argument(todo.len_arg) } else { u64::MAX };
                    let given = if todo.flags & Op::LEN_BEHIND != 0 {
                        self.chunk(chunk::BYTES, 0, given, &[0; 4]);
                        0
                    } else {
                        given
                    };
                    let moved = if todo.flags & Op::MOVED != 0 { ret.cast_unsigned() } else { u64::MAX };
                    let len = given.min(todo.max.into()).min(moved);
                    self.chunk(chunk::BYTES, 0, address + u64::from(todo.offset), &vec![0; len as usize]);
                }
                op::CWD | op::EXE | op::CGROUP => self.path(todo.kind),
                op::IMAGE => self.chunk(chunk::IMAGE, 0, 0, ImageFacts::new_zeroed().as_bytes()),
                other => panic!("no plan of a call has the operation {other}"),
            }
        }
    }

    fn path(&mut self, of: u8) {
        self.chunk(chunk::PATH, chunk::WHOLE, of.into(), &names(&["here"]));
    }
}

fn names(path: &[&str]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for name in path {
        bytes.extend_from_slice(&(name.len() as u64).to_ne_bytes());
        bytes.extend_from_slice(name.as_bytes());
        bytes.resize(bytes.len().next_multiple_of(8), 0);
    }
    bytes
}

/// Passes questions on, and remembers those that have no answer.
struct Asking<'a> {
    captured: Captured<'a>,
    unanswered: RefCell<Vec<String>>,
}

impl Asking<'_> {
    fn told<T>(&self, what: String, answer: Result<T, Unavailable>) -> Result<T, Unavailable> {
        if answer.is_err() {
            self.unanswered.borrow_mut().push(what);
        }
        answer
    }
}

impl Kernel for Asking<'_> {
    fn read_user(&self, address: u64, buf: &mut [u8]) -> Result<(), Unavailable> {
        self.told(format!("{} bytes at {address}", buf.len()), self.captured.read_user(address, buf))
    }

    fn read_user_string(&self, address: u64, buf: &mut [u8]) -> Result<UserString, Unavailable> {
        // Null is no string for the probe either.
        if address == 0 {
            return Err(Unavailable);
        }
        self.told(format!("the string at {address}"), self.captured.read_user_string(address, buf))
    }

    fn task_context(&self, out: &mut TaskContext) {
        self.captured.task_context(out);
    }

    fn task_path(&self, which: TaskPath, buf: &mut [u8]) -> Result<usize, Unavailable> {
        self.told(format!("{which:?}"), self.captured.task_path(which, buf))
    }

    fn describe_fd(&self, fd: i32, head: &mut FdHead, tail: &mut [u8]) -> Result<usize, Unavailable> {
        // Of the error of a call that failed there is nothing to be said.
        if fd < 0 {
            return Err(Unavailable);
        }
        self.told(format!("descriptor {fd}"), self.captured.describe_fd(fd, head, tail))
    }

    fn image(&self, out: &mut ProcessImage) {
        self.captured.image(out);
    }

    fn process_strings(&self, which: Strings, buf: &mut [u8]) -> Result<UserString, Unavailable> {
        self.told(format!("{which:?}"), self.captured.process_strings(which, buf))
    }

    /// Of a file that is no socket there is none.
    fn listen_queue(&self, fd: i32) -> Result<ListenQueue, Unavailable> {
        self.captured.listen_queue(fd)
    }
}

/// What the fillers ask for in vain, when a plan was followed.
fn unanswered(event: EventId, nr: u32, args: [u64; 6], ret: i64) -> Vec<String> {
    let events: EventSet = [event].into_iter().collect();
    let plans = plan::plans(&events);
    let mut imitation = Imitation::of(kind::CALL);
    imitation.follow(&plans[nr as usize], &args, ret);
    let bytes = imitation.bytes();
    let asking = Asking { captured: Captured::parse(&bytes, 0).unwrap(), unanswered: RefCell::default() };
    let call = Call { event, nr, args, ret, compat: false, lost: false };
    let mut room = vec![0u64; MAX_RECORD / 8];
    fill::syscall_exit(&asking, &call, Default::default(), room.as_mut_bytes()).unwrap();
    asking.unanswered.into_inner()
}

#[test]
fn a_plan_copies_all_that_the_fillers_ask_for() {
    // Each argument is fine as a descriptor, as an address and as a length.
    let args = [64, 72, 80, 88, 96, 104];
    let here = u64::from(fill::AT_FDCWD.cast_unsigned());
    let mut wrong = Vec::new();
    for nr in 0..capture::CALLS {
        let Some(event) = event_of(Abi::NATIVE, nr) else { continue };
        let told_elsewhere = [id::EXECVE, id::EXECVEAT, id::CLONE, id::CLONE3, id::FORK, id::VFORK].contains(&event);
        for ret in [3, -2] {
            if ret >= 0 && told_elsewhere {
                continue;
            }
            let recipe = schema::recipe(event).unwrap();
            let vector = |source: &From| matches!(source, From::Pieces { .. } | From::PiecesSize { .. });
            for args in [args, [here, 72, 80, 88, 96, 104], [64, 72, here, 88, 96, 104], [64, 72, 80, here, 96, 104]] {
                // As the length of a vector it is beyond what is copied.
                if args[2] == here && recipe.sources.iter().any(vector) {
                    continue;
                }
                let missing = unanswered(event, nr, args, ret);
                if !missing.is_empty() {
                    wrong.push(format!("{} {args:?} = {ret}: {missing:?}", schema::get(event).unwrap().name));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} in all:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn an_open_becomes_a_record_with_the_kernels_path() {
    let nr = (0..capture::CALLS).find(|&nr| event_of(Abi::NATIVE, nr) == Some(id::OPENAT)).unwrap();
    let mut imitation = Imitation::of(kind::CALL);
    (imitation.head.nr, imitation.head.ret) = (nr, 3);
    imitation.head.args = [u64::from(fill::AT_FDCWD.cast_unsigned()), 500, 0, 0, 0, 0];
    (imitation.head.seq, imitation.head.boot_ns, imitation.head.task.pid) = (9, 1000, 42);
    imitation.file(3, &["shadow", "etc"]);
    imitation.chunk(chunk::STRING, 0, 500, b"../etc/shadow");
    imitation.path(op::CWD);
    let bytes = imitation.bytes();
    let captured = Captured::parse(&bytes, 5_000_000).unwrap();
    let mut room = vec![0u64; MAX_RECORD / 8];
    let wanted: EventSet = [id::OPENAT].into_iter().collect();
    let Written::Record(len) = record::write(&captured, &Numbers::default(), &wanted, room.as_mut_bytes()) else {
        panic!("it is a record");
    };
    let record = Record::parse(&room.as_bytes()[..len]).unwrap();
    assert_eq!((record.header().seq, record.header().time_ns, record.task().pid), (9, 5_001_000, 42));
    let fd = FdView::parse(record.param(0).unwrap().0).unwrap();
    assert_eq!((fd.kind(), fd.path, fd.head.dev, fd.head.ino), (FdKind::File, &b"/etc/shadow"[..], 0x801, 7));
    let name = schema::EVENTS[usize::from(id::OPENAT.0)].params.iter().position(|param| param.name == "name").unwrap();
    let path = PathView::parse(record.param(name).unwrap().0).unwrap();
    assert_eq!((path.raw, path.absolute), (&b"../etc/shadow"[..], &b"/etc/shadow"[..]));
    assert!(path.flags.contains(PathFlags::RESOLVED));
    assert_eq!(
        record::write(&captured, &Numbers::default(), &EventSet::default(), room.as_mut_bytes()),
        Written::Unwanted
    );
}

#[test]
fn a_capture_that_is_cut_off_anywhere_is_read_without_harm() {
    let mut imitation = Imitation::of(kind::CALL);
    imitation.head.ret = 3;
    imitation.file(3, &["shadow", "etc"]);
    imitation.chunk(chunk::STRING, 0, 500, b"shadow");
    let whole = imitation.bytes();
    for len in 0..whole.len() {
        let mut cut = whole[..len].to_vec();
        if let Some(head) = cut.get_mut(..4) {
            head.copy_from_slice(&(len as u32).to_ne_bytes());
        }
        let Some(captured) = Captured::parse(&cut, 0) else { continue };
        let (mut head, mut tail) = (FdHead::default(), [0; 64]);
        let _ = captured.describe_fd(3, &mut head, &mut tail);
        let _ = captured.read_user_string(500, &mut tail);
    }
}

#[test]
fn a_path_that_is_not_whole_is_not_known() {
    let mut imitation = Imitation::of(kind::CALL);
    imitation.chunk(chunk::PATH, 0, op::CWD.into(), &names(&["deep"]));
    imitation.chunk(chunk::PATH, chunk::WHOLE, op::EXE.into(), &[]);
    let bytes = imitation.bytes();
    let captured = Captured::parse(&bytes, 0).unwrap();
    let mut room = [0; 64];
    assert_eq!(captured.task_path(TaskPath::WorkingDirectory, &mut room), Err(Unavailable));
    assert_eq!(captured.task_path(TaskPath::Executable, &mut room), Ok(1));
    assert_eq!(room[0], b'/');
}

#[test]
fn a_number_that_either_table_wants_is_marked_in_the_native_one() {
    // Numbers of mount(2), and of what has that number in the other table.
    let plans = plan::plans(&[id::MOUNT].into_iter().collect());
    let marked = |nr: u32| plans[(capture::NATIVE_PLANS + nr) as usize].flags & Plan::EITHER != 0;
    let wanted = |table: u32, nr: u32| plans[(table + nr) as usize].flags & Plan::WANTED != 0;
    let (native, compat) = (nix::libc::SYS_mount as u32, 21);
    assert!(wanted(capture::NATIVE_PLANS, native) && !wanted(capture::COMPAT_PLANS, native));
    assert!(wanted(capture::COMPAT_PLANS, compat) && !wanted(capture::NATIVE_PLANS, compat));
    let all: Vec<u32> = (0..capture::CALLS).filter(|nr| marked(*nr)).collect();
    assert_eq!(all, [compat, native]);
}
