//! Captures as Falco writes them today, by the writer of the daemon's tests.

#[path = "../../../daemon/tests/scap/mod.rs"]
mod scap;

use scap::{Capture, Listed, fd, int, text};
use std::io::{self, Write};

fn n32(n: u32) -> Vec<u8> {
    n.to_ne_bytes().to_vec()
}

/// Ordinary calls of one process, 72 of them: nothing that a default rule asks for.
fn dull(capture: &mut Capture, pid: u64) {
    for _ in 0..18 {
        capture.event(7, pid, &[int(64), vec![b'x'; 64], fd(3), n32(4096)]);
        capture.event(9, pid, &[int(64), vec![b'y'; 64], fd(4), n32(64)]);
        capture.event(87, pid, &[int(0), fd(3), fd(0), vec![0]]);
        capture.event(239, pid, &[int(0), fd(3)]);
    }
}

/// The life of a process: 8 calls.
fn life(capture: &mut Capture, pid: u64) {
    let tid = pid as i64;
    let forked = |res: i64, tid: i64, ptid: i64| {
        let mut params = vec![int(res), text("app"), b"-x\0".to_vec(), int(tid), int(tid), int(ptid), text("/srv")];
        params.extend([int(1024), fd(0), fd(0), n32(0), n32(0), n32(0), text("app"), b"cpu=/\0".to_vec(), n32(0)]);
        params.extend([n32(0), n32(0), int(tid), int(tid), fd(0)]);
        params
    };
    capture.event(223, 50, &forked(tid, 50, 1));
    capture.event(223, pid, &forked(0, tid, 50));
    let mut exec = vec![int(0), text("/usr/bin/app"), b"-x\0".to_vec(), int(tid), int(tid), int(50), text("/srv")];
    exec.extend([int(1024), fd(0), fd(0), n32(0), n32(0), n32(0), text("app"), b"cpu=/\0".to_vec(), b"A=b\0".to_vec()]);
    exec.extend([n32(0), int(tid), n32(0), n32(0), fd(0), fd(0), fd(0), fd(9), fd(0), fd(0), n32(0)]);
    exec.extend([text("/usr/bin/app"), int(tid), n32(0), text("/usr/bin/app")]);
    capture.event(293, pid, &exec);
    for path in ["/usr/lib/libc.so.6", "/srv/state.db"] {
        capture.event(307, pid, &[fd(3), fd(-100), text(path), n32(1), n32(0), n32(0), fd(0)]);
    }
    capture.event(5, pid, &[int(0), fd(3)]);
    capture.event(175, pid, &[int(0), text("/srv/a"), text("/srv/b")]);
    capture.event(186, pid, &[int(0), int(0), vec![0], vec![0], int(1)]);
}

/// Writes a capture of about this many events, dull alone or mixed as recordings are, and gives their number.
pub fn write(mixed: bool, events: u64, mut out: impl Write) -> io::Result<u64> {
    let mut capture = Capture::new();
    capture.machine("bench", 1_700_000_000_000_000_000);
    let shell = Listed { tid: 50, pid: 50, ptid: 1, comm: "app", exe: "/bin/app", args: &[], cwd: "/srv", cgroup: "" };
    capture.processes(9, &[shell]);
    let mut count = 0;
    let mut pid = 1000;
    while count < events {
        if mixed {
            life(&mut capture, pid);
            count += 8;
        }
        dull(&mut capture, 50);
        count += 72;
        pid = 1000 + (pid - 999) % 30_000;
        out.write_all(&capture.take())?;
    }
    out.write_all(&capture.take())?;
    Ok(count)
}
