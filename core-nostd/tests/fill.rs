//! What fillers write, over a task that exists only here.

mod fake;

use fake::{FakeTask, STAMP, buffer, exit, index, narrow, number, record};
use kestrel_core::event::{Flags, PathFlags, Record, TaskContext};
use kestrel_core::fill::{self, Call, Exit};
use kestrel_core::schema::id;
use zerocopy::IntoBytes;

const AT_FDCWD: u64 = -100i64 as u64;

#[test]
fn an_open_carries_the_kernels_path_of_what_was_opened_not_the_callers_string() {
    let mut task = FakeTask::new();
    let name = task.poke_str(0x1000, "../link");
    task.open_file(4, "/etc/shadow");
    exit(&task, id::OPENAT, [AT_FDCWD, name, 0, 0, 0, 0], 4, |record| {
        let path = record.param(index(id::OPENAT, "name")).unwrap().path().unwrap();
        assert_eq!((path.raw, path.absolute), (&b"../link"[..], &b"/etc/shadow"[..]));
        assert!(path.flags.contains(PathFlags::RESOLVED));
        let fd = record.param(0).unwrap().fd().unwrap();
        assert_eq!((fd.head.fd, fd.path), (4, &b"/etc/shadow"[..]));
        assert_eq!(record.flags(), Flags::default());
        assert_eq!((record.header().seq, record.header().cpu), (41, 3));
    });
}

#[test]
fn an_open_that_failed_has_the_joined_path_and_the_error() {
    let mut task = FakeTask::new();
    let name = task.poke_str(0x1000, "a/./b/../c");
    exit(&task, id::OPEN, [name, 0, 0, 0, 0, 0], -2, |record| {
        let path = record.param(1).unwrap().path().unwrap();
        assert_eq!(path.absolute, b"/home/user/a/c");
        assert!(path.flags.contains(PathFlags::JOINED));
        assert!(record.flags().contains(Flags::FAILED));
        assert_eq!(record.param(0).unwrap().fd().unwrap().head.fd, -2);
    });
}

#[test]
fn a_path_is_relative_to_its_directory_descriptor() {
    let mut task = FakeTask::new();
    task.open_dir(7, "/srv/data");
    let name = task.poke_str(0x1000, "x");
    exit(&task, id::UNLINKAT, [7, name, 0, 0, 0, 0], 0, |record| {
        assert_eq!(record.param(index(id::UNLINKAT, "name")).unwrap().path().unwrap().absolute, b"/srv/data/x");
        assert_eq!(record.param(index(id::UNLINKAT, "dirfd")).unwrap().fd().unwrap().path, b"/srv/data");
    });
}

#[test]
fn unreadable_memory_leaves_a_flag_and_no_made_up_value() {
    let task = FakeTask::new();
    exit(&task, id::MKDIR, [0xdead_0000, 0o755, 0, 0, 0, 0], -14, |record| {
        let path = record.param(1).unwrap().path().unwrap();
        assert!(path.flags.contains(PathFlags::RAW_MISSING));
        assert!(path.absolute.is_empty());
        assert!(record.flags().contains(Flags::FAULT));
    });
}

#[test]
fn a_datagram_without_connection_shows_where_it_goes() {
    let mut task = FakeTask::new();
    task.open_inet(5, ([10, 0, 0, 1], 4000), ([0; 4], 0));
    let data = task.poke(0x2000, b"hello");
    let to = task.poke(0x3000, &[2, 0, 0, 53, 9, 9, 9, 9, 0, 0, 0, 0, 0, 0, 0, 0]);
    exit(&task, id::SENDTO, [5, data, 5, 0, to, 16], 5, |record| {
        let tuple = record.param(index(id::SENDTO, "tuple")).unwrap().tuple().unwrap();
        assert_eq!(tuple.remote_ip().unwrap().to_string(), "9.9.9.9");
        assert_eq!(tuple.tuple.remote_port, 53);
        assert_eq!(record.param(1).unwrap().0, b"hello");
    });
}

#[test]
fn a_message_in_pieces_is_put_together_up_to_what_was_sent() {
    let mut task = FakeTask::new();
    task.open_inet(5, ([10, 0, 0, 1], 4000), ([10, 0, 0, 2], 80));
    task.poke(0x2000, b"GET ");
    task.poke(0x3000, b"/index.html");
    let words = |words: &[u64]| words.as_bytes().to_vec();
    task.poke(0x4000, &words(&[0x2000, 4, 0x3000, 11]));
    task.poke(0x5000, &words(&[0, 0, 0x4000, 2, 0, 0, 0]));
    exit(&task, id::SENDMSG, [5, 0x5000, 0, 0, 0, 0], 10, |record| {
        assert_eq!(record.param(1).unwrap().0, b"GET /index");
        assert_eq!(record.param(index(id::SENDMSG, "size")).unwrap().uint(), Some(10));
    });
}

#[test]
fn an_abstract_unix_address_begins_with_an_at_sign() {
    let mut task = FakeTask::new();
    let address = task.poke(0x3000, b"\x01\x00\0abc");
    exit(&task, id::BIND, [5, address, 6, 0, 0, 0], 0, |record| {
        assert_eq!(record.param(1).unwrap().address().unwrap().path, b"@abc");
    });
}

#[test]
fn what_a_call_writes_is_absent_when_it_failed() {
    let mut task = FakeTask::new();
    task.open_file(3, "/etc/passwd");
    let data = task.poke(0x1000, b"root:x:0");
    let ends = task.poke(0x2000, [3_i32, 3].as_bytes());
    let limit = task.poke(0x3000, [10_u64, 20].as_bytes());
    for (ret, there) in [(8, true), (-5, false)] {
        exit(&task, id::READ, [3, data, 8, 0, 0, 0], ret, |record| {
            assert_eq!(record.param(index(id::READ, "data")).map(|data| data.0), there.then_some(&b"root:x:0"[..]));
        });
        exit(&task, id::PIPE, [ends, 0, 0, 0, 0, 0], ret, |record| {
            let fd = record.param(index(id::PIPE, "fd1")).and_then(|param| param.fd());
            assert_eq!(fd.map(|fd| fd.path), there.then_some(&b"/etc/passwd"[..]));
        });
        exit(&task, id::GETRLIMIT, [7, limit, 0, 0, 0, 0], ret, |record| {
            assert_eq!(record.param(index(id::GETRLIMIT, "max")).and_then(|max| max.int()), there.then_some(20));
        });
    }
}

#[test]
fn a_null_pointer_is_no_fault_and_no_value() {
    let task = FakeTask::new();
    exit(&task, id::PPOLL, [0, 0, 0, 0, 0, 0], 0, |record| {
        assert!(record.param(index(id::PPOLL, "timeout")).is_none());
        assert!(record.param(index(id::PPOLL, "sigmask")).is_none());
        assert!(!record.flags().contains(Flags::FAULT));
    });
    exit(&task, id::ACCT, [0, 0, 0, 0, 0, 0], 0, |record| assert!(record.param(1).is_none()));
}

#[test]
fn utimensat_shows_times_and_leaves_out_what_is_none() {
    let mut task = FakeTask::new();
    let times = task.poke(0x1000, [7_u64, 0x3fff_ffff, 8, 9].as_bytes());
    exit(&task, id::UTIMENSAT, [3, 0, times, 0, 0, 0], 0, |record| {
        assert!(record.param(index(id::UTIMENSAT, "atime")).is_none());
        assert_eq!(record.param(index(id::UTIMENSAT, "mtime")).unwrap().uint(), Some(8_000_000_009));
    });
}

#[test]
fn a_vector_has_the_size_of_all_its_buffers_and_the_first_bytes_of_a_few() {
    let mut task = FakeTask::new();
    task.poke(0x8000, b"0123456789");
    let vector: Vec<u64> = (0..100).flat_map(|_| [0x8000, 10]).collect();
    let at = task.poke(0x1000, vector.as_bytes());
    exit(&task, id::WRITEV, [3, at, 100, 0, 0, 0], 25, |record| {
        assert_eq!(record.param(index(id::WRITEV, "size")).unwrap().uint(), Some(1000));
        assert_eq!(record.param(index(id::WRITEV, "data")).unwrap().0, b"0123456789012345678901234");
    });
    let narrow_vector: Vec<u32> = (0..3).flat_map(|_| [0x8000, 10]).collect();
    let at = task.poke(0x4000, narrow_vector.as_bytes());
    record(&task, narrow(146, [3, at, 3, 0, 0, 0], 30), |record| {
        assert_eq!(record.param(index(id::WRITEV, "size")).unwrap().uint(), Some(30));
        assert_eq!(record.param(index(id::WRITEV, "data")).unwrap().0.len(), 30);
    });
}

#[test]
fn descriptors_that_are_waited_for_are_described() {
    let mut task = FakeTask::new();
    task.open_file(3, "/etc/passwd");
    task.open_inet(5, ([10, 0, 0, 1], 4000), ([10, 0, 0, 2], 80));
    // struct pollfd: descriptor, events, what happened
    let mut list = Vec::new();
    for fd in [3_i32, 5, 77] {
        list.extend_from_slice(&fd.to_ne_bytes());
        list.extend_from_slice(&[1, 0, 4, 0]);
    }
    let at = task.poke(0x1000, &list);
    exit(&task, id::POLL, [at, 3, 50, 0, 0, 0], 1, |record| {
        let fds: Vec<_> = record.param(index(id::POLL, "fds")).unwrap().fd_list().collect();
        let numbers: Vec<_> = fds.iter().map(|(head, fd)| (fd.head.fd, head.events, head.returned)).collect();
        assert_eq!(numbers, [(3, 1, 4), (5, 1, 4), (77, 1, 4)]);
        assert_eq!(fds[0].1.path, b"/etc/passwd");
        assert_eq!(fds[1].1.tuple.unwrap().tuple.remote_port, 80);
    });
}

#[test]
fn a_closed_descriptor_is_a_number_even_if_another_thread_has_it_again() {
    let mut task = FakeTask::new();
    task.open_file(3, "/etc/passwd");
    exit(&task, id::CLOSE, [3, 0, 0, 0, 0, 0], 0, |record| {
        let fd = record.param(1).unwrap().fd().unwrap();
        assert_eq!((fd.head.fd, fd.path), (3, &b""[..]));
    });
}

#[test]
fn a_received_datagram_shows_where_it_came_from() {
    let mut task = FakeTask::new();
    task.open_inet(5, ([10, 0, 0, 1], 53), ([0; 4], 0));
    let data = task.poke(0x2000, b"query");
    let from = task.poke(0x3000, &[2, 0, 0x13, 0x88, 9, 9, 9, 9, 0, 0, 0, 0, 0, 0, 0, 0]);
    let len = task.poke(0x4000, &16_u32.to_ne_bytes());
    exit(&task, id::RECVFROM, [5, data, 100, 0, from, len], 5, |record| {
        let tuple = record.param(index(id::RECVFROM, "tuple")).unwrap().tuple().unwrap();
        assert_eq!((tuple.remote_ip().unwrap().to_string(), tuple.tuple.remote_port), ("9.9.9.9".to_owned(), 5000));
    });
}

#[test]
fn a_quota_command_shows_what_its_structure_says() {
    let mut task = FakeTask::new();
    let device = task.poke_str(0x1000, "/dev/sda1");
    // struct if_dqblk: limits and use of space, limits and use of inodes, two grace times
    let block = task.poke(0x2000, [100_u64, 90, 50, 40, 30, 7, 60, 61, 0].as_bytes());
    const SETQUOTA_GROUP: u64 = 0x80_0008 << 8 | 1;
    exit(&task, id::QUOTACTL, [SETQUOTA_GROUP, device, 1000, block, 0, 0], 0, |record| {
        let number = |name| record.param(index(id::QUOTACTL, name)).and_then(|param| param.uint());
        assert_eq!((number("dqb_bhardlimit"), number("dqb_isoftlimit")), (Some(100), Some(30)));
        assert_eq!((number("dqb_btime"), number("dqb_itime")), (Some(60_000_000_000), Some(61_000_000_000)));
        assert_eq!((number("cmd"), number("type"), number("id")), (Some(0x80_0008), Some(1), Some(1000)));
        assert_eq!((number("quota_fmt"), number("dqi_flags")), (None, None));
    });
}

#[test]
fn an_exec_splits_its_arguments() {
    let task = FakeTask::new();
    let mut buf = buffer();
    let len =
        fill::process_exec(&task, id::EXECVE, b"./prog", false, STAMP, buf.as_mut_slice().as_mut_bytes()).unwrap();
    let record = Record::parse(&buf.as_bytes()[..len]).unwrap();
    let param = |name| record.param(index(id::EXECVE, name)).unwrap();
    assert_eq!(param("exe").0, b"prog");
    assert_eq!(param("args").strings().collect::<Vec<_>>(), [&b"-x"[..], b"value"]);
    assert_eq!(param("env").strings().count(), 2);
    assert_eq!(param("filename").path().unwrap().raw, b"./prog");
    assert_eq!(param("filename").path().unwrap().absolute, b"/usr/bin/prog");
    assert_eq!(param("cwd").0, b"/home/user");
    assert_eq!(param("res").int(), Some(0));
}

#[test]
fn an_exec_that_failed_shows_what_was_wanted() {
    let mut task = FakeTask::new();
    let name = task.poke_str(0x100, "/bin/nothing");
    task.poke_str(0x200, "zero");
    task.poke_str(0x300, "one");
    task.poke(0x400, [0x200u64, 0x300, 0].as_bytes());
    exit(&task, id::EXECVE, [name, 0x400, 0, 0, 0, 0], -2, |record| {
        let param = |name| record.param(index(id::EXECVE, name)).unwrap();
        assert_eq!(param("exe").0, b"zero");
        assert_eq!(param("args").strings().collect::<Vec<_>>(), [b"one"]);
        assert_eq!(param("filename").path().unwrap().absolute, b"/bin/nothing");
    });
}

#[test]
fn a_fork_names_its_child() {
    let task = FakeTask::new();
    let child = TaskContext {
        tid: 200,
        pid: 200,
        ppid: 100,
        start_time: 6_000_000_000,
        vtid: 12,
        vpid: 12,
        ..TaskContext::default()
    };
    for (event, flags) in [(id::CLONE, 0x11), (id::VFORK, 0x4100), (id::FORK, 0)] {
        let call = Call { event, nr: 0, args: [0x11, 0, 0, 0, 0, 0], ret: 0, compat: false, lost: false };
        let mut buf = buffer();
        let len = fill::process_fork(&task, &call, &child, STAMP, buf.as_mut_slice().as_mut_bytes()).unwrap();
        let record = Record::parse(&buf.as_bytes()[..len]).unwrap();
        let param = |name| record.param(index(event, name)).unwrap().uint().unwrap();
        assert_eq!((param("res"), param("child_tid"), param("child_pid"), param("child_ppid")), (200, 200, 200, 100));
        assert_eq!((param("child_start_time"), param("child_vtid"), param("child_vpid")), (6_000_000_000, 12, 12));
        assert_eq!(param("flags"), flags);
    }
}

#[test]
fn an_exit_tells_status_signal_and_core() {
    let task = FakeTask::new();
    let mut buf = buffer();
    let gone = Exit { code: 0x8b, reaper_tid: 1, group_dead: true };
    let len = fill::process_exit(&task, gone, STAMP, buf.as_mut_slice().as_mut_bytes()).unwrap();
    let record = Record::parse(&buf.as_bytes()[..len]).unwrap();
    let values: Vec<_> = (0..6).map(|i| record.param(i).unwrap().int().unwrap()).collect();
    assert_eq!(values, [0x8b, 0, 11, 1, 1, 1]);
}

#[test]
fn the_longest_paths_that_a_caller_can_pass_still_fit_a_record() {
    let mut task = FakeTask::new();
    let long = "x".repeat(4095);
    let (old, new) = (task.poke_str(0x10000, &long), task.poke_str(0x20000, &long));
    task.open_dir(7, &format!("/{}", "y".repeat(4090)));
    exit(&task, id::RENAMEAT2, [7, old, 7, new, 0, 0], 0, |record| {
        for name in ["oldpath", "newpath"] {
            let path = record.param(index(id::RENAMEAT2, name)).unwrap().path().unwrap();
            assert_eq!(path.raw.len(), 4095);
            assert!(path.flags.contains(PathFlags::CUT));
        }
        assert!(record.flags().contains(Flags::TRUNCATED));
    });
    task.argv = [b"x".repeat(9000), vec![0]].concat();
    task.env = task.argv.clone();
    task.exe = [b"/".to_vec(), b"z".repeat(4000)].concat();
    task.cwd.clone_from(&task.exe);
    task.cgroup.clone_from(&task.exe);
    let mut buf = buffer();
    let filename = b"f".repeat(4095);
    fill::process_exec(&task, id::EXECVE, &filename, false, STAMP, buf.as_mut_slice().as_mut_bytes()).expect("fits");
}

#[test]
fn a_socket_whose_ends_do_not_fit_is_refused_and_not_written_without_them() {
    let mut task = FakeTask::new();
    task.open_inet(5, ([10, 0, 0, 1], 4000), ([10, 0, 0, 2], 80));
    let call = Call { event: id::DUP2, nr: 0, args: [5, 5, 0, 0, 0, 0], ret: 5, compat: false, lost: false };
    let mut sizes = (0..kestrel_core::event::MAX_RECORD).step_by(8).filter_map(|room| {
        let mut buf = buffer();
        let bytes = &mut buf.as_mut_slice().as_mut_bytes()[..room];
        let len = fill::syscall_exit(&task, &call, STAMP, bytes).ok()?;
        let record = Record::parse(&bytes[..len]).unwrap();
        for name in ["res", "oldfd", "newfd"] {
            assert!(
                record.param(index(id::DUP2, name)).unwrap().fd().unwrap().tuple.is_some(),
                "{name} in {room} bytes"
            );
        }
        Some(len)
    });
    let first = sizes.next().expect("fits a large buffer");
    assert!(sizes.all(|len| len == first));
}

#[test]
fn what_a_caller_passes_is_shown_whole_by_calls_that_return_no_number_of_bytes() {
    let mut task = FakeTask::new();
    let path = task.poke_str(0x1000, "/f");
    let name = task.poke_str(0x2000, "user.colour");
    let value = task.poke(0x3000, b"blue, and more");
    exit(&task, id::SETXATTR, [path, name, value, 4, 0, 0], 0, |record| {
        assert_eq!(record.param(index(id::SETXATTR, "value")).unwrap().0, b"blue");
    });
    exit(&task, id::SETHOSTNAME, [value, 4, 0, 0, 0, 0], 0, |record| {
        assert_eq!(record.param(index(id::SETHOSTNAME, "name")).unwrap().0, b"blue");
    });
    exit(&task, id::WRITE, [1, value, 14, 0, 0, 0], 6, |record| {
        assert_eq!(record.param(index(id::WRITE, "data")).unwrap().0, b"blue, ");
    });
}

#[test]
fn no_more_is_shown_of_what_came_than_there_was_room_for() {
    let mut task = FakeTask::new();
    let path = task.poke_str(0x1000, "/f");
    let name = task.poke_str(0x2000, "user.colour");
    let room = task.poke(0x3000, b"dir-not-written");
    // recv with MSG_TRUNC tells the whole length; getxattr without room how much is needed.
    exit(&task, id::RECV, [3, room, 3, 0x20, 0, 0], 9, |record| {
        assert_eq!(record.param(index(id::RECV, "data")).unwrap().0, b"dir");
    });
    exit(&task, id::GETXATTR, [path, name, 0, 0, 0, 0], 9, |record| {
        assert_eq!(record.param(index(id::GETXATTR, "value")).unwrap().0, b"");
        assert!(!record.flags().contains(Flags::FAULT));
    });
}

#[test]
fn bytes_that_cannot_be_read_are_absent_and_no_bytes_are_not() {
    let task = FakeTask::new();
    exit(&task, id::WRITE, [1, 0xdead_0000, 5, 0, 0, 0], -14, |record| {
        assert!(record.param(index(id::WRITE, "data")).is_none());
        assert!(record.flags().contains(Flags::FAULT));
    });
    exit(&task, id::POLL, [0xdead_0000, 2, 0, 0, 0, 0], -14, |record| {
        assert!(record.param(index(id::POLL, "fds")).is_none());
        assert!(record.flags().contains(Flags::FAULT));
    });
    exit(&task, id::WRITE, [1, 0xdead_0000, 0, 0, 0, 0], 0, |record| {
        assert_eq!(record.param(index(id::WRITE, "data")).unwrap().0, b"");
        assert!(!record.flags().contains(Flags::FAULT));
    });
}

#[test]
fn a_call_on_a_descriptor_itself_has_no_path_and_no_fault() {
    let mut task = FakeTask::new();
    task.open_file(3, "/etc/passwd");
    exit(&task, id::UTIMENSAT, [3, 0, 0, 0, 0, 0], 0, |record| {
        assert!(record.param(index(id::UTIMENSAT, "path")).is_none());
        assert_eq!(record.param(index(id::UTIMENSAT, "dirfd")).unwrap().fd().unwrap().path, b"/etc/passwd");
        assert!(!record.flags().contains(Flags::FAULT));
    });
}

#[test]
fn an_option_has_a_name_only_where_it_is_one_of_sockets_as_such() {
    const SOL_SOCKET: u64 = 1;
    const SOL_TCP: u64 = 6;
    let mut task = FakeTask::new();
    let value = task.poke(0x1000, &1_u32.to_ne_bytes());
    for (level, option) in [(SOL_SOCKET, Some(2)), (SOL_TCP, None)] {
        exit(&task, id::SETSOCKOPT, [3, level, 2, value, 4, 0], 0, |record| {
            assert_eq!(number(&record, id::SETSOCKOPT, "optname"), option);
            assert_eq!(number(&record, id::SETSOCKOPT, "val"), Some(1));
        });
    }
}

#[test]
fn a_refused_connection_shows_where_it_was_to_go() {
    let mut task = FakeTask::new();
    // What Linux leaves behind: the address, and no port.
    task.open_inet(5, ([0; 4], 0), ([127, 0, 0, 1], 0));
    let to = task.poke(0x3000, &[2, 0, 0x15, 0xb4, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
    exit(&task, id::CONNECT, [5, to, 16, 0, 0, 0], -111, |record| {
        let tuple = record.param(index(id::CONNECT, "tuple")).unwrap().tuple().unwrap();
        assert_eq!((tuple.remote_ip().unwrap().to_string(), tuple.tuple.remote_port), ("127.0.0.1".to_owned(), 5556));
    });
}

#[test]
fn a_message_that_did_not_come_is_from_nobody() {
    let mut task = FakeTask::new();
    task.open_inet(5, ([10, 0, 0, 1], 53), ([0; 4], 0));
    task.poke(0x3000, &[2, 0, 0x13, 0x88, 9, 9, 9, 9, 0, 0, 0, 0, 0, 0, 0, 0]);
    task.poke(0x5000, [0x3000_u64, 16, 0, 0, 0, 0, 0].as_bytes());
    for (ret, port) in [(0, 5000), (-11, 0)] {
        exit(&task, id::RECVMSG, [5, 0x5000, 0, 0, 0, 0], ret, |record| {
            let tuple = record.param(index(id::RECVMSG, "tuple")).unwrap().tuple().unwrap();
            assert_eq!(tuple.tuple.remote_port, port);
        });
    }
}

#[test]
fn an_offset_that_the_call_moved_on_is_told_as_it_was() {
    let mut task = FakeTask::new();
    let from = task.poke(0x1000, &9_u64.to_ne_bytes());
    let to = task.poke(0x2000, &25_u64.to_ne_bytes());
    for (ret, back) in [(5, 5), (-5, 0)] {
        exit(&task, id::SENDFILE, [4, 3, from, 5, 0, 0], ret, |record| {
            assert_eq!(number(&record, id::SENDFILE, "offset"), Some(9 - back));
        });
        exit(&task, id::COPY_FILE_RANGE, [3, from, 4, to, 5, 0], ret, |record| {
            assert_eq!(number(&record, id::COPY_FILE_RANGE, "offin"), Some(9 - back));
            assert_eq!(number(&record, id::COPY_FILE_RANGE, "offout"), Some(25 - back));
        });
    }
    exit(&task, id::COPY_FILE_RANGE, [3, 0, 4, 0, 5, 0], 5, |record| {
        assert_eq!(number(&record, id::COPY_FILE_RANGE, "offin"), None);
    });
}

#[test]
fn what_a_ring_can_do_is_absent_where_there_is_none() {
    let mut task = FakeTask::new();
    let params = task.poke(0x1000, [8_u32, 16, 1, 2, 3, 4].as_bytes());
    for (ret, there) in [(3, true), (-22, false)] {
        exit(&task, id::IO_URING_SETUP, [8, params, 0, 0, 0, 0], ret, |record| {
            assert_eq!(number(&record, id::IO_URING_SETUP, "sq_entries"), there.then_some(8));
            assert_eq!(number(&record, id::IO_URING_SETUP, "features"), there.then_some(4));
            assert_eq!(number(&record, id::IO_URING_SETUP, "flags"), Some(1));
        });
    }
}

#[test]
fn the_errors_of_modify_ldt_are_errors() {
    let task = FakeTask::new();
    exit(&task, id::MODIFY_LDT, [9, 0, 0, 0, 0, 0], 0xffff_ffda, |record| {
        assert_eq!(number(&record, id::MODIFY_LDT, "res"), Some(-38));
        assert!(record.flags().contains(Flags::FAILED));
    });
}

#[test]
fn a_fork_that_failed_has_the_flags_of_one_that_did_not() {
    let task = FakeTask::new();
    for (event, flags) in [(id::FORK, 0), (id::VFORK, 0x4100)] {
        exit(&task, event, [0; 6], -11, |record| {
            assert_eq!(number(&record, event, "flags"), Some(flags));
            assert_eq!(number(&record, event, "child_tid"), None);
        });
    }
}

#[test]
fn an_exec_that_failed_shows_its_environment_and_says_what_could_not_be_read() {
    let mut task = FakeTask::new();
    let name = task.poke_str(0x100, "/bin/nothing");
    task.poke_str(0x200, "LANG=C");
    task.poke_str(0x300, "EMPTY=");
    task.poke(0x400, [0x200_u64, 0x300, 0].as_bytes());
    exit(&task, id::EXECVE, [name, 0xdead_0000, 0x400, 0, 0, 0], -14, |record| {
        let env = record.param(index(id::EXECVE, "env")).unwrap();
        assert_eq!(env.strings().collect::<Vec<_>>(), [&b"LANG=C"[..], b"EMPTY="]);
        assert!(record.param(index(id::EXECVE, "exe")).is_none());
        assert!(record.param(index(id::EXECVE, "args")).is_none());
        assert!(record.flags().contains(Flags::FAULT));
    });
    exit(&task, id::EXECVE, [name, 0, 0, 0, 0, 0], -2, |record| {
        assert!(record.param(index(id::EXECVE, "env")).is_none());
        assert!(!record.flags().contains(Flags::FAULT));
    });
}
