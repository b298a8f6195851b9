//! The two sides of the border have the same idea of what crosses it: the numbers of `kestrel.h` and of this crate.

use kestrel_core::abi::{COUNTED_EVENTS, EventCounts, FRAME_BYTES, FilterLoad, Interest, Mark, Request};
use kestrel_core::event::{FdFlags, FdHead, FdKind, TaskContext, Tuple};
use kestrel_core::fill::{Identity, ProcessImage};
use kestrel_core::filter::{MAX_PROGRAM, Why};
use kestrel_kmod::{
    Counts, Facts, Marks, Names, PRODUCER_BYTES, PROGRAM_BYTES, Process, Recorder, Request as UringRequest, SYSCALLS,
    Seen, Wanted,
};
use std::mem::offset_of;

const HEADER: &str = include_str!("../kestrel.h");
const DEVICE: &str = include_str!("../device.c");

/// The value of `#define NAME value`, or of `NAME = value,` in an enum; `value` a number or `(1 << number)`.
fn constant(name: &str) -> u64 {
    let line = HEADER
        .lines()
        .map(str::trim)
        .find(|line| {
            let line = line.strip_prefix("#define ").unwrap_or(line);
            line.strip_prefix(name).is_some_and(|rest| rest.starts_with(' '))
        })
        .unwrap_or_else(|| panic!("kestrel.h has no {name}"));
    let value = line.split_once(name).unwrap().1.trim_start_matches([' ', '=', '(']).trim_end_matches([',', ')']);
    match value.split_once(" << ") {
        Some((one, shift)) => one.parse::<u64>().unwrap() << shift.parse::<u32>().unwrap(),
        None => value.parse().unwrap(),
    }
}

/// The size that `kestrel.h` asserts of a structure.
fn asserted_size(name: &str) -> usize {
    let wanted = format!("static_assert(sizeof(struct {name}) == ");
    let line = HEADER.lines().find(|line| line.starts_with(&wanted)).unwrap_or_else(|| panic!("{name} not asserted"));
    line[wanted.len()..].trim_end_matches(");").parse().unwrap()
}

/// The offset that `kestrel.h` asserts of a field.
fn asserted_offset(name: &str, field: &str) -> usize {
    let wanted = format!("static_assert(offsetof(struct {name}, {field}) == ");
    let line =
        HEADER.lines().find(|line| line.starts_with(&wanted)).unwrap_or_else(|| panic!("{name}.{field} not asserted"));
    line[wanted.len()..].trim_end_matches(");").parse().unwrap()
}

#[test]
fn structures_have_the_size_that_c_asserts() {
    for (name, size) in [
        ("kestrel_task", size_of::<TaskContext>()),
        ("kestrel_fd", size_of::<FdHead>()),
        ("kestrel_tuple", size_of::<Tuple>()),
        ("kestrel_image", size_of::<ProcessImage>()),
        ("kestrel_seen", size_of::<Seen>()),
        ("kestrel_request", size_of::<UringRequest>()),
        ("kestrel_facts", size_of::<Facts>()),
        ("kestrel_wanted", size_of::<Wanted>()),
        ("kestrel_identity", size_of::<Identity>()),
        ("kestrel_filter_load", size_of::<FilterLoad>()),
        ("kestrel_counts", size_of::<EventCounts>()),
        ("kestrel_cpu_counts", size_of::<Counts>()),
        ("kestrel_recorder", size_of::<Recorder>()),
        ("kestrel_mark", size_of::<Mark>()),
        ("kestrel_process", size_of::<Process>()),
    ] {
        assert_eq!(asserted_size(name), size, "{name}");
    }
}

#[test]
fn fields_lie_where_c_asserts() {
    for (name, field, offset) in [
        ("kestrel_task", "tid", offset_of!(TaskContext, tid)),
        ("kestrel_task", "loginuid", offset_of!(TaskContext, loginuid)),
        ("kestrel_task", "vtid", offset_of!(TaskContext, vtid)),
        ("kestrel_task", "comm", offset_of!(TaskContext, comm)),
        ("kestrel_identity", "loginuid", offset_of!(Identity, loginuid)),
        ("kestrel_identity", "comm", offset_of!(Identity, comm)),
        ("kestrel_filter_load", "why", offset_of!(FilterLoad, why)),
        ("kestrel_mark", "pid", offset_of!(Mark, pid)),
        ("kestrel_process", "start_time", offset_of!(Process, start_time)),
        ("kestrel_fd", "family", offset_of!(FdHead, family)),
        ("kestrel_fd", "open_flags", offset_of!(FdHead, open_flags)),
        ("kestrel_fd", "ino", offset_of!(FdHead, ino)),
        ("kestrel_tuple", "local_port", offset_of!(Tuple, local_port)),
        ("kestrel_image", "vm_size", offset_of!(ProcessImage, vm_size)),
        ("kestrel_image", "pidns_init_start", offset_of!(ProcessImage, pidns_init_start)),
    ] {
        assert_eq!(asserted_offset(name, field), offset, "{name}.{field}");
    }
}

#[test]
fn sizes_that_c_keeps_room_for_are_the_ones_here() {
    assert_eq!(constant("KESTREL_FRAME_BYTES"), FRAME_BYTES as u64);
    assert_eq!(constant("KESTREL_INTEREST_BYTES"), size_of::<Interest>() as u64);
    assert_eq!(constant("KESTREL_PRODUCER_BYTES"), PRODUCER_BYTES as u64);
    assert_eq!(constant("KESTREL_SYSCALLS"), SYSCALLS as u64);
    assert_eq!(constant("KESTREL_PROGRAM_BYTES"), PROGRAM_BYTES as u64);
    assert_eq!(constant("KESTREL_PROGRAM_MAX"), MAX_PROGRAM as u64);
    assert_eq!(constant("KESTREL_TOO_LONG"), Why::TooLong as u64);
    assert_eq!(constant("KESTREL_COUNTED"), COUNTED_EVENTS as u64);
    assert_eq!(constant("KESTREL_MARKS_BYTES"), size_of::<Marks>() as u64);
    assert_eq!(constant("KESTREL_NAMES_BYTES"), size_of::<Names>() as u64);
}

#[test]
fn kinds_and_flags_have_the_same_numbers() {
    for (name, kind) in [
        ("KESTREL_FD_UNKNOWN", FdKind::Unknown),
        ("KESTREL_FD_FILE", FdKind::File),
        ("KESTREL_FD_DIRECTORY", FdKind::Directory),
        ("KESTREL_FD_CHAR_DEVICE", FdKind::CharDevice),
        ("KESTREL_FD_BLOCK_DEVICE", FdKind::BlockDevice),
        ("KESTREL_FD_PIPE", FdKind::Pipe),
        ("KESTREL_FD_INET4", FdKind::Inet4),
        ("KESTREL_FD_INET6", FdKind::Inet6),
        ("KESTREL_FD_UNIX", FdKind::Unix),
        ("KESTREL_FD_NETLINK", FdKind::Netlink),
        ("KESTREL_FD_PACKET", FdKind::Packet),
        ("KESTREL_FD_OTHER_SOCKET", FdKind::OtherSocket),
        ("KESTREL_FD_ANON_INODE", FdKind::AnonInode),
        ("KESTREL_FD_MEMFD", FdKind::Memfd),
        ("KESTREL_FD_SYMLINK", FdKind::Symlink),
    ] {
        assert_eq!(constant(name), kind as u64, "{name}");
    }
    for (name, flag) in [
        ("KESTREL_FD_DELETED", FdFlags::DELETED),
        ("KESTREL_FD_UPPER_LAYER", FdFlags::UPPER_LAYER),
        ("KESTREL_FD_LOWER_LAYER", FdFlags::LOWER_LAYER),
        ("KESTREL_FD_SERVER", FdFlags::SERVER),
        ("KESTREL_FD_CONNECTED", FdFlags::CONNECTED),
    ] {
        assert_eq!(constant(name), u64::from(flag.0), "{name}");
    }
    for (name, flag) in [
        ("KESTREL_EXE_WRITABLE", ProcessImage::WRITABLE),
        ("KESTREL_EXE_UPPER_LAYER", ProcessImage::UPPER_LAYER),
        ("KESTREL_EXE_FROM_MEMFD", ProcessImage::FROM_MEMFD),
        ("KESTREL_EXE_LOWER_LAYER", ProcessImage::LOWER_LAYER),
    ] {
        assert_eq!(constant(name), u64::from(flag), "{name}");
    }
}

#[test]
fn requests_have_the_numbers_that_the_kernels_macros_make() {
    // asm-generic/ioctl.h: direction (1 write, 2 read), size, type, number.
    let ioc = |dir: u32, nr: u32, size: usize| dir << 30 | (size as u32) << 16 | u32::from(b'K') << 8 | nr;
    for (macro_, request, expected) in [
        ("_IOWR('K', 1, u8[KESTREL_FRAME_BYTES])", Request::Hello, ioc(3, 1, FRAME_BYTES)),
        ("_IOW('K', 2, u8[KESTREL_INTEREST_BYTES])", Request::SetInterest, ioc(1, 2, size_of::<Interest>())),
        ("_IO('K', 3)", Request::Start, ioc(0, 3, 0)),
        ("_IO('K', 4)", Request::Stop, ioc(0, 4, 0)),
        ("_IOWR('K', 5, struct kestrel_filter_load)", Request::SetFilter, ioc(3, 5, size_of::<FilterLoad>())),
        ("_IOR('K', 6, struct kestrel_counts)", Request::GetCounts, ioc(2, 6, size_of::<EventCounts>())),
        ("_IOW('K', 7, struct kestrel_mark)", Request::Mark, ioc(1, 7, size_of::<Mark>())),
    ] {
        assert!(DEVICE.contains(macro_), "device.c has no {macro_}");
        assert_eq!(request as u32, expected, "{macro_}");
    }
}
