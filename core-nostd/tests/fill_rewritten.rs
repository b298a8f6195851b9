//! Records say where an argument is not what the kernel acted by.

mod fake;

use fake::{FakeTask, exit};
use kestrel_core::event::{FdHead, FdKind, Flags, Tuple, family};
use kestrel_core::schema::{EventId, id};
use zerocopy::IntoBytes;

/// A call, what the socket is or the file that it opened, and whether the record says that an argument was rewritten.
fn rewritten(task: &FakeTask, event: EventId, args: [u64; 6], ret: i64) -> bool {
    let mut is = false;
    exit(task, event, args, ret, |record| is = record.flags().contains(Flags::REWRITTEN));
    is
}

#[test]
fn a_path_that_was_rewritten_is_told_where_no_link_can_be_the_reason() {
    const CWD: u64 = -100_i64 as u64;
    const O_NOFOLLOW: u64 = if cfg!(target_arch = "aarch64") { 0o100000 } else { 0o400000 };
    const O_CREAT_EXCL: u64 = 0o300;
    let mut task = FakeTask::new();
    task.open_file(3, "/etc/shadow");
    let opens = |task: &mut FakeTask, said: &str, flags: u64| {
        let path = task.poke_str(0x1000, said);
        let how = task.poke(0x3000, [flags, 0, 0].as_bytes());
        let all = [
            rewritten(task, id::OPEN, [path, flags, 0, 0, 0, 0], 3),
            rewritten(task, id::OPENAT, [CWD, path, flags, 0, 0, 0], 3),
            rewritten(task, id::OPENAT2, [CWD, path, how, 24, 0, 0], 3),
        ];
        assert!(all.iter().all(|is| *is == all[0]), "{said} {flags:o}: {all:?}");
        all[0]
    };
    for flags in [O_NOFOLLOW, O_CREAT_EXCL, O_NOFOLLOW | 0o2000000] {
        for said in ["/tmp/harmless", "harmless", "/etc/passwd", "shadow2"] {
            assert!(opens(&mut task, said, flags), "{said} {flags:o}");
        }
        for same in ["/etc/shadow", "shadow", "../../etc/shadow", "/tmp/link/shadow", ".", "/etc/..", "", "link/"] {
            assert!(!opens(&mut task, same, flags), "{same} {flags:o}");
        }
    }
    // A link may have led there; a file without a name has none to compare.
    for flags in [0, 0o100, 0o200, O_NOFOLLOW | 0o20000000] {
        assert!(!opens(&mut task, "/tmp/harmless", flags), "{flags:o}");
    }
    // A call that failed opened nothing.
    let path = task.poke_str(0x1000, "/tmp/harmless");
    assert!(!rewritten(&task, id::OPENAT, [CWD, path, O_NOFOLLOW, 0, 0, 0], -40));
}

#[test]
fn an_address_that_was_rewritten_is_told_by_the_sockets_own() {
    let mut task = FakeTask::new();
    task.open_inet(5, ([10, 0, 0, 1], 4444), ([10, 0, 0, 2], 80));
    let inet = |port: u16, ip: [u8; 4]| {
        let [high, low] = port.to_be_bytes();
        [2, 0, high, low, ip[0], ip[1], ip[2], ip[3], 0, 0, 0, 0, 0, 0, 0, 0]
    };
    let to = 0x3000;
    for (port, ip, is) in
        [(80, [10, 0, 0, 2], false), (80, [0; 4], false), (81, [10, 0, 0, 2], true), (80, [10, 0, 0, 3], true)]
    {
        task.poke(to, &inet(port, ip));
        for ret in [0, -115] {
            assert_eq!(rewritten(&task, id::CONNECT, [5, to, 16, 0, 0, 0], ret), is, "{port} {ip:?} {ret}");
        }
        assert!(!rewritten(&task, id::CONNECT, [5, to, 16, 0, 0, 0], -111));
    }
    let bound = [
        (4444, [10, 0, 0, 1], false),
        (0, [0; 4], false),
        (0, [10, 0, 0, 1], false),
        (4445, [0; 4], true),
        (4444, [10, 9, 9, 9], true),
    ];
    for (port, ip, is) in bound {
        task.poke(to, &inet(port, ip));
        assert_eq!(rewritten(&task, id::BIND, [5, to, 16, 0, 0, 0], 0), is, "{port} {ip:?}");
        assert!(!rewritten(&task, id::BIND, [5, to, 16, 0, 0, 0], -98));
    }
    // A raw socket keeps its protocol where others keep a port.
    task.poke(to, &inet(4445, [10, 0, 0, 1]));
    task.fds.get_mut(&5).unwrap().0.socket_type = 3;
    assert!(!rewritten(&task, id::BIND, [5, to, 16, 0, 0, 0], 0));
}

#[test]
fn the_name_of_a_local_socket_that_was_rewritten_is_told() {
    let mut task = FakeTask::new();
    let tuple = Tuple { family: family::UNIX, ..Tuple::default() };
    let head = FdHead { fd: 6, kind: FdKind::Unix as u8, family: family::UNIX, socket_type: 1, ..FdHead::default() };
    let mut bind = |said: &[u8], is: &[u8]| {
        let mut address = vec![1, 0];
        address.extend_from_slice(said);
        let at = task.poke(0x3000, &address);
        task.fds.insert(6, (head, [tuple.as_bytes(), is, &[0]].concat()));
        rewritten(&task, id::BIND, [6, at, address.len() as u64, 0, 0, 0], 0)
    };
    assert!(!bind(b"/run/x\0", b"/run/x"));
    assert!(!bind(b"run/x", b"run/x"));
    assert!(!bind(b"\0a\0b", b"@a@b"));
    assert!(!bind(b"", b"@00001"));
    assert!(bind(b"/run/y\0", b"/run/x"));
    assert!(bind(b"\0a", b"@b"));
}
