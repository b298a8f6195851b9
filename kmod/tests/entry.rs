//! What the Rust object does when the shim calls it.

mod shim;

use kestrel_core::abi::{Frame, Hello, Welcome};
use kestrel_core::event::{Flags, TaskContext};
use kestrel_core::filter::build::{Builder, Condition, Is, Operand};
use kestrel_core::filter::{Load, Registers, Why};
use kestrel_core::schema::{self, EventId, id};
use kestrel_kmod::{Facts, Request, Seen};
use shim::{Cpu, TID, hello};

/// x86 numbers, native and i386 (`asm/unistd_64.h`, `asm/unistd_32.h`).
mod nr {
    pub const GETPPID: u32 = 110;
    pub const CLONE: u32 = 56;
    pub const VFORK: u32 = 58;
    pub const EXECVE: u32 = 59;
    pub const IO_URING_ENTER: u32 = 426;
    pub const I386_OPEN: u32 = 5;
    pub const I386_SOCKETCALL: u32 = 102;
}

fn call(nr: u32, ret: i64) -> Seen {
    called(nr, [0; 6], ret)
}

fn called(nr: u32, args: [u64; 6], ret: i64) -> Seen {
    Seen { registers: Registers::of(args, ret), nr, cpu: 3, ..Seen::default() }
}

fn param(record: &kestrel_core::event::Record<'_>, event: EventId, name: &str) -> u64 {
    let index = schema::get(event).unwrap().params.iter().position(|p| p.name == name).unwrap();
    record.param(index).unwrap().uint().unwrap()
}

#[test]
#[cfg(target_arch = "x86_64")]
fn a_call_that_was_asked_for_becomes_a_record_with_cpu_time_and_task() {
    let mut cpu = Cpu::asked_for([id::GETPPID]);
    assert!(!cpu.readable());
    cpu.sys_exit(call(nr::GETPPID, 1));
    assert!(cpu.readable());
    let record = cpu.next().unwrap();
    assert_eq!(record.header().event, id::GETPPID.0);
    assert_eq!((record.header().cpu, record.header().time_ns, record.header().seq), (3, 77, 0));
    assert_eq!(record.task().tid, TID);
    assert!(cpu.next().is_none());
}

#[test]
#[cfg(target_arch = "x86_64")]
fn a_call_that_nobody_asked_for_is_not_let_through_and_leaves_no_record() {
    let mut cpu = Cpu::asked_for([id::MOUNT]);
    assert!(!cpu.lets_through(nr::GETPPID, false));
    cpu.sys_exit(call(nr::GETPPID, 1));
    assert!(!cpu.readable());
}

#[test]
fn numbers_beyond_the_tables_are_nobodys() {
    let mut cpu = Cpu::asked_for(schema::EventSet::all().iter());
    for number in [512, 100_000, u32::MAX] {
        assert!(!cpu.lets_through(number, false));
        cpu.sys_exit(call(number, 0));
    }
    assert!(!cpu.readable());
}

#[test]
fn a_bit_is_set_exactly_for_the_numbers_of_an_event_that_was_asked_for() {
    // The slow oracle: ask the schema about every number.
    let cpu = Cpu::asked_for([id::OPENAT, id::EXECVE, id::CONNECT]);
    let asked = |event| [id::OPENAT, id::EXECVE, id::CONNECT].contains(&event);
    for number in 0..1024 {
        let native = schema::event_of(schema::Abi::NATIVE, number).is_some_and(asked);
        assert_eq!(cpu.lets_through(number, false), native, "native {number}");
        if cfg!(target_arch = "x86_64") {
            let socketcall = number == schema::I386_SOCKETCALL;
            let compat = socketcall || schema::event_of(schema::Abi::I386, number).is_some_and(asked);
            assert_eq!(cpu.lets_through(number, true), compat, "i386 {number}");
        }
    }
}

#[test]
#[cfg(target_arch = "x86_64")]
fn a_32_bit_call_is_looked_up_in_its_own_table_and_marked() {
    let mut cpu = Cpu::asked_for([id::OPEN]);
    assert!(cpu.lets_through(nr::I386_OPEN, true) && !cpu.lets_through(nr::I386_OPEN, false));
    cpu.sys_exit(Seen { compat: 1, ..call(nr::I386_OPEN, -2) });
    let record = cpu.next().unwrap();
    assert_eq!(record.header().event, id::OPEN.0);
    assert!(record.flags().contains(Flags::COMPAT32) && record.flags().contains(Flags::FAILED));
}

#[test]
#[cfg(target_arch = "x86_64")]
fn socketcall_is_let_through_only_if_a_call_behind_it_was_asked_for() {
    assert!(Cpu::asked_for([id::BIND]).lets_through(nr::I386_SOCKETCALL, true));
    assert!(!Cpu::asked_for([id::OPEN]).lets_through(nr::I386_SOCKETCALL, true));
    // Its arguments cannot be read here: the call is told without them.
    let mut cpu = Cpu::asked_for([id::BIND]);
    cpu.sys_exit(Seen { compat: 1, ..called(nr::I386_SOCKETCALL, [2, 0x1000, 0, 0, 0, 0], 0) });
    let record = cpu.next().unwrap();
    assert_eq!(record.header().event, id::BIND.0);
    assert!(record.flags().contains(Flags::FAULT));
    // What stands for no call is none.
    cpu.sys_exit(Seen { compat: 1, ..called(nr::I386_SOCKETCALL, [99, 0x1000, 0, 0, 0, 0], 0) });
    assert!(cpu.next().is_none());
}

#[test]
#[cfg(target_arch = "x86_64")]
fn calls_that_make_a_task_or_run_a_program_are_recorded_at_their_return_only_if_they_failed() {
    let mut cpu = Cpu::asked_for([id::CLONE, id::EXECVE]);
    cpu.sys_exit(call(nr::CLONE, 1234));
    cpu.sys_exit(call(nr::CLONE, 0));
    cpu.sys_exit(call(nr::EXECVE, 0));
    assert!(!cpu.readable());
    cpu.sys_exit(call(nr::EXECVE, -2));
    assert_eq!(cpu.next().unwrap().header().event, id::EXECVE.0);
    cpu.sys_exit(call(nr::CLONE, -11));
    assert_eq!(cpu.next().unwrap().header().event, id::CLONE.0);
}

#[test]
#[cfg(target_arch = "x86_64")]
fn a_fork_is_the_event_of_the_call_that_made_it() {
    let mut cpu = Cpu::asked_for([id::CLONE, id::VFORK]);
    cpu.fork(call(nr::VFORK, 0), TaskContext { tid: 99, pid: 99, ..TaskContext::default() });
    let record = cpu.next().unwrap();
    assert_eq!(record.header().event, id::VFORK.0);
    assert_eq!(param(&record, id::VFORK, "child_tid"), 99);
}

#[test]
#[cfg(target_arch = "x86_64")]
fn a_worker_thread_made_in_some_other_call_is_a_clone_of_a_thread() {
    let mut cpu = Cpu::asked_for([id::CLONE]);
    cpu.fork(called(nr::IO_URING_ENTER, [1, 2, 3, 4, 5, 6], 0), TaskContext::default());
    let record = cpu.next().unwrap();
    assert_eq!(record.header().event, id::CLONE.0);
    const CLONE_THREAD: u64 = 0x1_0000;
    assert_ne!(param(&record, id::CLONE, "flags") & CLONE_THREAD, 0);
}

#[test]
fn an_exec_by_descriptor_is_execveat_whatever_the_number_says() {
    let mut cpu = Cpu::asked_for([id::EXECVE, id::EXECVEAT]);
    cpu.exec(call(u32::MAX, 0), b"/bin/true", false);
    cpu.exec(call(nr::EXECVE, 0), b"/dev/fd/5", true);
    assert_eq!(cpu.next().unwrap().header().event, id::EXECVE.0);
    assert_eq!(cpu.next().unwrap().header().event, id::EXECVEAT.0);
}

#[test]
fn fork_exec_and_exit_are_recorded_only_if_asked_for() {
    let mut cpu = Cpu::asked_for([id::GETPPID]);
    cpu.fork(call(nr::CLONE, 0), TaskContext::default());
    cpu.exec(call(nr::EXECVE, 0), b"/bin/true", false);
    cpu.exit(0, 0, true);
    assert!(!cpu.readable());
}

#[test]
fn an_exit_tells_status_signal_and_reaper() {
    let mut cpu = Cpu::asked_for([id::PROCEXIT]);
    cpu.exit(0x89, 17, true);
    let record = cpu.next().unwrap();
    let value = |name| param(&record, id::PROCEXIT, name);
    assert_eq!([value("sig"), value("core"), value("ret"), value("reaper_tid")], [9, 1, 0, 17]);
}

#[test]
fn a_length_from_c_that_no_buffer_has_is_taken_as_not_there() {
    // The shim of this test claims that the cgroup's path is longer than the buffer.
    let mut cpu = Cpu::asked_for([id::EXECVE]);
    cpu.exec(call(nr::EXECVE, 0), b"/bin/true", false);
    let record = cpu.next().unwrap();
    let cgroups = schema::get(id::EXECVE).unwrap().params.iter().position(|p| p.name == "cgroups").unwrap();
    assert!(record.param(cgroups).is_none());
}

#[test]
fn hello_is_answered_with_the_modules_welcome_and_refused_where_the_two_do_not_fit() {
    let facts = Facts { ring_bytes: 1 << 20, cpus: 8, retained: 1 };
    let mut frame = Frame::encode(&Hello::OURS).unwrap();
    assert_eq!(hello(&mut frame, &facts), 0);
    let welcome = frame.decode::<Welcome>().unwrap();
    assert_eq!((welcome.cpus, welcome.ring_bytes, welcome.retained), (8, 1 << 20, true));

    for wrong in [Hello { schema: 1, ..Hello::OURS }, Hello { abi_major: 9, ..Hello::OURS }] {
        let mut frame = Frame::encode(&wrong).unwrap();
        assert_eq!(hello(&mut frame, &facts), -71);
        assert_eq!(frame.decode::<Welcome>(), Some(welcome));
    }
}

#[test]
fn a_frame_that_is_no_hello_is_refused() {
    let facts = Facts::default();
    for (len, byte) in [(0, 0), (4, 0xff), (252, 0xff), (253, 0), (u32::MAX, 0)] {
        let mut frame = Frame { len, data: [byte; 252] };
        assert_eq!(hello(&mut frame, &facts), -71, "len {len} of {byte:#x}");
    }
}

#[test]
fn a_signal_that_was_asked_for_tells_who_sent_it() {
    let mut cpu = Cpu::asked_for([id::SIGNALDELIVER]);
    cpu.signal(77, 15);
    let record = cpu.next().unwrap();
    assert_eq!((record.header().event, record.task().pid), (id::SIGNALDELIVER.0, TID));
    assert_eq!(["spid", "sig"].map(|name| param(&record, id::SIGNALDELIVER, name)), [77, 15]);
    let mut cpu = Cpu::asked_for([id::KILL]);
    cpu.signal(77, 15);
    assert!(cpu.next().is_none());
}

#[test]
fn page_faults_are_recorded_if_they_were_asked_for_and_judged() {
    let mut cpu = Cpu::asked_for([id::PAGE_FAULT]);
    cpu.page_fault(0x1000, 0x40_0123, 0b100);
    let record = cpu.next().unwrap();
    assert_eq!((record.header().event, record.task().pid), (id::PAGE_FAULT.0, TID));
    let values = ["addr", "ip", "error"].map(|name| param(&record, id::PAGE_FAULT, name));
    assert_eq!(values, [0x1000, 0x40_0123, 0x2 | 0x8 | 0x10]);
    let mut builder = Builder::new();
    let write = Condition::test(Operand::param(Load::Number, 2), Is::AllBits(4));
    builder.section(id::PAGE_FAULT, &write).unwrap();
    assert_eq!(cpu.load(builder.finish().unwrap().as_bytes()).0, 0);
    cpu.page_fault(0x1000, 0x40_0123, 0b100);
    cpu.page_fault(0x2000, 0x40_0123, 0b110);
    assert_eq!(param(&cpu.next().unwrap(), id::PAGE_FAULT, "addr"), 0x2000);
    assert!(cpu.next().is_none());
    let mut cpu = Cpu::asked_for([id::KILL]);
    cpu.page_fault(0x1000, 0x40_0123, 0b100);
    assert!(cpu.next().is_none());
}

/// A request of io_uring that names nothing yet.
fn request(opcode: u8) -> Request {
    Request {
        names: [std::ptr::null(); 2],
        file: std::ptr::null_mut(),
        how: [0; 3],
        address: 0,
        name_lens: [0; 2],
        dirs: [-100; 2],
        address_len: 0,
        flags: 0,
        fd: -1,
        opcode,
        own_table: 0,
        reserved: 0,
    }
}

const IORING_OP_OPENAT2: u8 = 28;
const IORING_OP_RENAMEAT: u8 = 35;

#[test]
fn a_request_is_the_call_that_it_stands_for_and_says_how_it_came() {
    let mut cpu = Cpu::asked_for([id::OPENAT2, id::RENAMEAT2]);
    let open = Request { how: [0o101, 0o640, 4], ..request(IORING_OP_OPENAT2) };
    cpu.request(-2, open, ["/etc/shadow", ""], false, 0);
    let record = cpu.next().unwrap();
    assert_eq!(record.header().event, id::OPENAT2.0);
    assert!(record.flags().contains(Flags::IO_URING) && record.flags().contains(Flags::FAILED));
    let path = record.param(2).unwrap().path().unwrap();
    assert_eq!((path.raw, path.absolute), (&b"/etc/shadow"[..], &b"/etc/shadow"[..]));
    assert_eq!(["flags", "mode", "resolve"].map(|name| param(&record, id::OPENAT2, name)), [0o101, 0o640, 4]);
    cpu.request(0, request(IORING_OP_RENAMEAT), ["/a", "/b"], false, 0);
    let record = cpu.next().unwrap();
    let paths = [2, 4].map(|index| record.param(index).unwrap().path().unwrap().absolute.to_vec());
    assert_eq!((record.header().event, paths), (id::RENAMEAT2.0, [b"/a".to_vec(), b"/b".to_vec()]));
}

#[test]
fn a_file_that_has_no_descriptor_is_known_all_the_same() {
    let mut cpu = Cpu::asked_for([id::OPENAT2]);
    cpu.request(0, Request { own_table: 1, ..request(IORING_OP_OPENAT2) }, ["link", ""], true, 0);
    let record = cpu.next().unwrap();
    let fd = record.param(0).unwrap().fd().unwrap();
    assert_eq!((fd.head.fd, fd.path), (i32::MAX, &b"/held"[..]));
    assert_eq!(record.param(2).unwrap().path().unwrap().absolute, b"/held");
}

#[test]
fn a_request_whose_name_was_not_kept_is_recorded_without_it() {
    let mut cpu = Cpu::asked_for([id::OPENAT2]);
    cpu.request(-13, request(IORING_OP_OPENAT2), ["", ""], false, 0);
    let record = cpu.next().unwrap();
    assert!(record.flags().contains(Flags::FAULT));
    assert!(record.param(2).unwrap().path().unwrap().raw.is_empty());
}

#[test]
fn requests_that_were_missed_are_gaps_in_the_numbers_and_others_are_nobodys() {
    let mut cpu = Cpu::asked_for([id::OPENAT2]);
    cpu.request(-2, request(IORING_OP_OPENAT2), ["/x", ""], false, 3);
    assert_eq!(cpu.next().unwrap().header().seq, 3);
    cpu.request(0, request(IORING_OP_RENAMEAT), ["/a", "/b"], false, 0);
    cpu.request(0, request(255), ["/a", "/b"], false, 0);
    assert!(cpu.next().is_none());
}

/// A program that wants an event under a condition.
fn program(event: EventId, wanted: &Condition) -> Vec<u8> {
    let mut builder = Builder::new();
    builder.section(event, wanted).unwrap();
    builder.finish().unwrap().as_bytes().to_vec()
}

#[test]
#[cfg(target_arch = "x86_64")]
fn what_the_program_rejects_leaves_no_record_and_no_gap_but_is_counted() {
    let mut cpu = Cpu::asked_for([id::GETPPID]);
    let wanted = Condition::test(Operand::param(Load::Number, 0), Is::Equal(7));
    assert_eq!(cpu.load(&program(id::GETPPID, &wanted)).0, 0);
    for result in [7, 8, 9, 7] {
        cpu.sys_exit(call(nr::GETPPID, result));
    }
    assert_eq!(cpu.next().unwrap().header().seq, 0);
    assert_eq!(cpu.next().unwrap().header().seq, 1);
    assert!(cpu.next().is_none());
    assert_eq!(cpu.counts(id::GETPPID), (4, 2));
}

#[test]
#[cfg(target_arch = "x86_64")]
fn what_the_whole_task_context_must_tell_is_judged_in_the_room_of_the_record() {
    let mut cpu = Cpu::asked_for([id::GETPPID]);
    let wanted = Condition::test(Operand::event(Load::Tty), Is::Equal(1));
    assert_eq!(cpu.load(&program(id::GETPPID, &wanted)).0, 0);
    cpu.sys_exit(call(nr::GETPPID, 7));
    assert!(!cpu.readable());
    assert_eq!(cpu.load(&program(id::GETPPID, &Condition::not(wanted))).0, 0);
    cpu.sys_exit(call(nr::GETPPID, 7));
    assert_eq!(cpu.next().unwrap().header().seq, 0);
}

#[test]
#[cfg(target_arch = "x86_64")]
fn forks_execs_and_ends_are_recorded_whatever_the_program_says() {
    let mut cpu = Cpu::asked_for([id::CLONE, id::EXECVE, id::PROCEXIT]);
    let mut builder = Builder::new();
    for event in [id::CLONE, id::EXECVE, id::PROCEXIT] {
        builder.section(event, &Condition::Never).unwrap();
    }
    assert_eq!(cpu.load(builder.finish().unwrap().as_bytes()).0, 0);
    cpu.fork(call(nr::CLONE, 0), TaskContext::default());
    cpu.exec(call(nr::EXECVE, 0), b"/bin/true", false);
    cpu.exit(0, 0, true);
    assert!((0..3).all(|_| cpu.next().is_some()));
    cpu.sys_exit(call(nr::EXECVE, -2));
    assert!(cpu.next().is_none());
}

#[test]
fn signals_and_requests_are_judged_too() {
    let mut cpu = Cpu::asked_for([id::SIGNALDELIVER, id::OPENAT2]);
    let mut builder = Builder::new();
    let kill = Condition::test(Operand::param(Load::Number, 2), Is::Equal(9));
    builder.section(id::SIGNALDELIVER, &kill).unwrap();
    let shadow = Condition::test(Operand::param(Load::Path, 2), Is::Text(b"/etc/shadow".to_vec()));
    let by_request = Condition::test(Operand::event(Load::Flags), Is::AllBits(Flags::IO_URING.0.into()));
    builder.section(id::OPENAT2, &Condition::all([shadow, by_request])).unwrap();
    assert_eq!(cpu.load(builder.finish().unwrap().as_bytes()).0, 0);
    cpu.signal(1, 15);
    cpu.signal(1, 9);
    assert_eq!(param(&cpu.next().unwrap(), id::SIGNALDELIVER, "sig"), 9);
    cpu.request(-2, request(IORING_OP_OPENAT2), ["/etc/passwd", ""], false, 0);
    cpu.request(-2, request(IORING_OP_OPENAT2), ["/etc/shadow", ""], false, 0);
    assert_eq!(cpu.next().unwrap().param(2).unwrap().path().unwrap().raw, b"/etc/shadow");
    assert!(cpu.next().is_none());
}

#[test]
fn a_program_that_is_wrong_is_refused_with_its_place() {
    let mut cpu = Cpu::asked_for([id::GETPPID]);
    let mut bytes = program(id::GETPPID, &Condition::Never);
    bytes[0] ^= 1;
    let (answer, load) = cpu.load(&bytes);
    assert_eq!((answer, Why::from_u32(load.why), load.at), (-22, Some(Why::Magic), 0));
}

#[test]
#[cfg(target_arch = "x86_64")]
fn what_is_left_for_the_next_consumer_can_be_what_the_process_table_is_made_from() {
    let mut cpu = Cpu::asked_for([id::GETPPID, id::PROCEXIT]);
    cpu.lifecycle_only();
    assert!(!cpu.lets_through(nr::GETPPID, false));
    cpu.sys_exit(call(nr::GETPPID, 1));
    cpu.exit(0, 0, true);
    assert_eq!(cpu.next().unwrap().header().event, id::PROCEXIT.0);
    assert!(cpu.next().is_none());
}
