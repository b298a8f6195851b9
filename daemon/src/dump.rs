//! Records as JSON lines: for people who look, and for tests that compare.

use kestrel_core::event::{FdView, Param, PathView, Record, TupleView};
use kestrel_core::schema::{self, ContextField, EventId, From, ImageField, Type};
use serde_json::{Map, Value, json};
use std::ops::Range;

/// One record as a JSON object. With `normalize`, what differs from run to run although the same was done (ids of processes,
/// figures of their memory, addresses and ports that the kernel chose, inodes) is replaced by whether it is there, so that two
/// runs can be compared. `None` if the event is not known.
pub fn record(record: &Record<'_>, normalize: bool) -> Option<Value> {
    let header = record.header();
    let event = schema::get(EventId(header.event))?;
    let mut params = Map::new();
    for (index, row) in event.params.iter().enumerate() {
        let value = match row.from {
            From::Context(field) => context(record, field, normalize),
            From::OfFd { .. } | From::Process(_) => continue,
            _ => record.param(index).map_or(Value::Null, |param| value(row, param, normalize)),
        };
        params.insert(row.name.to_owned(), value);
    }
    let task = record.task();
    let mut out = json!({
        "event": event.name,
        "flags": flags(header.flags),
        "comm": text(task.comm()),
        "params": params,
    });
    if !normalize {
        let fields = json!({
            "time_ns": header.time_ns, "cpu": header.cpu, "seq": header.seq, "tid": task.tid, "pid": task.pid,
            "ppid": task.ppid, "start_time": task.start_time, "uid": task.uid, "euid": task.euid, "gid": task.gid,
            "egid": task.egid, "loginuid": task.loginuid, "sid": task.sid, "pgid": task.pgid, "tty": task.tty,
            "mnt_ns": task.mnt_ns, "pid_ns": task.pid_ns, "vtid": task.vtid, "vpid": task.vpid, "cgroup": task.cgroup,
        });
        if let (Value::Object(out), Value::Object(fields)) = (&mut out, fields) {
            out.extend(fields);
        }
    }
    Some(out)
}

fn flags(bits: u16) -> Vec<&'static str> {
    const NAMES: [&str; 6] = ["failed", "compat32", "io_uring", "truncated", "rewritten", "fault"];
    NAMES.into_iter().enumerate().filter(|(bit, _)| bits & (1 << bit) != 0).map(|(_, name)| name).collect()
}

fn text(bytes: &[u8]) -> Value {
    String::from_utf8_lossy(bytes).into_owned().into()
}

/// What stands for a number that differs from run to run; 0 is none in every run.
fn volatile(n: u64) -> Value {
    if n == 0 { json!(0) } else { json!("(some)") }
}

fn context(record: &Record<'_>, field: ContextField, normalize: bool) -> Value {
    let task = record.task();
    let n = match field {
        ContextField::Comm => return text(task.comm()),
        ContextField::Tid => task.tid,
        ContextField::Pid => task.pid,
        ContextField::Ppid => task.ppid,
        ContextField::Tty => task.tty,
        ContextField::Vpgid => task.vpgid,
        ContextField::Pgid => task.pgid,
        ContextField::LoginUid => return json!(task.loginuid),
        ContextField::Euid => return json!(task.euid),
        ContextField::Egid => return json!(task.egid),
        ContextField::Vtid => task.vtid,
        ContextField::Vpid => task.vpid,
    };
    if normalize && n > 1 { volatile(n.into()) } else { json!(n) }
}

/// Where the kernel puts programs, their memory and their stacks on 64-bit machines, at random: below 2^47 on x86, below 2^48 on
/// ARM. Addresses that a program chose are elsewhere.
const CHOSEN_BY_THE_KERNEL: Range<u64> = 0x5000_0000_0000..0x1_0000_0000_0000;

/// Is this number another one in the next run, although the same is done then?
fn varies(row: &schema::Param, number: u64) -> bool {
    match row.ty {
        // Nobody, errors, and the first process are the same everywhere.
        Type::Pid => (number as i64) > 1,
        Type::Errno | Type::Int | Type::Uint | Type::Hex if CHOSEN_BY_THE_KERNEL.contains(&number) => true,
        _ => match row.from {
            From::Image(field) => !matches!(
                field,
                ImageField::FdLimit
                    | ImageField::CapInheritable
                    | ImageField::CapPermitted
                    | ImageField::CapEffective
                    | ImageField::ExeFlags
            ),
            From::Special => row.name == "child_start_time",
            _ => false,
        },
    }
}

fn value(row: &schema::Param, param: Param<'_>, normalize: bool) -> Value {
    let number = param.uint().unwrap_or(0);
    if normalize && varies(row, number) {
        // A figure may be 0 in one run and not in the next.
        return if matches!(row.from, From::Image(_)) { json!("(some)") } else { volatile(number) };
    }
    match &row.ty {
        Type::Errno | Type::Int | Type::Pid | Type::Signal => json!(number as i64),
        Type::Uint | Type::Uid | Type::Gid | Type::Time | Type::Span => json!(number),
        Type::Hex => json!(format!("{number:#x}")),
        Type::Octal => json!(format!("{number:#o}")),
        Type::Flags(names) => json!(names.of(number).collect::<Vec<_>>()),
        Type::Enum(names) => names.of(number).next().map_or(json!(number), |name| json!(name)),
        Type::String | Type::Bytes => text(param.0),
        Type::Strings => param.strings().map(text).collect(),
        Type::Path => param.path().map_or(Value::Null, |p| path(&p)),
        Type::Fd => param.fd().map_or(Value::Null, |fd| descriptor(&fd, normalize)),
        Type::FdList => param
            .fd_list()
            .map(|(head, fd)| {
                json!({ "events": head.events, "returned": head.returned, "fd": descriptor(&fd, normalize) })
            })
            .collect(),
        Type::Address => param.address().map_or(Value::Null, |address| {
            json!({
                "family": address.head.family,
                "ip": address.ip().map(|ip| ip.to_string()),
                "port": address.head.port,
                "path": text(address.path),
            })
        }),
        Type::Tuple => param.tuple().map_or(Value::Null, |t| tuple(&t, normalize)),
    }
}

fn path(path: &PathView<'_>) -> Value {
    json!({ "raw": text(path.raw), "absolute": text(path.absolute), "flags": path.flags.0 })
}

fn tuple(tuple: &TupleView<'_>, normalize: bool) -> Value {
    // Ports that the kernel chose differ from run to run.
    let port = |port: u16| if normalize && port >= 32768 { json!("(some)") } else { json!(port) };
    json!({
        "family": tuple.tuple.family,
        "protocol": tuple.tuple.protocol,
        "local": tuple.local_ip().map(|ip| ip.to_string()),
        "local_port": port(tuple.tuple.local_port),
        "local_path": text(tuple.local_path),
        "remote": tuple.remote_ip().map(|ip| ip.to_string()),
        "remote_port": port(tuple.tuple.remote_port),
        "remote_path": text(tuple.remote_path),
    })
}

fn descriptor(fd: &FdView<'_>, normalize: bool) -> Value {
    let head = &fd.head;
    let mut out =
        json!({ "fd": head.fd, "kind": format!("{:?}", fd.kind()), "path": text(fd.path), "flags": head.flags });
    if let Value::Object(out) = &mut out {
        if let Some(t) = &fd.tuple {
            out.insert("tuple".to_owned(), tuple(t, normalize));
        }
        out.insert("mode".to_owned(), json!(format!("{:#o}", head.mode)));
        out.insert("open_flags".to_owned(), json!(format!("{:#o}", head.open_flags)));
        if !normalize {
            out.insert("dev".to_owned(), json!(head.dev));
            out.insert("ino".to_owned(), json!(head.ino));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use kestrel_core::event::{FdHead, FdKind, MAX_RECORD, RecordHeader, RecordWriter, Tuple, family};
    use kestrel_core::schema::id;
    use zerocopy::IntoBytes;

    /// Parameters of a record, as they are and normalized.
    fn params(event: EventId, bytes: &[(&str, &[u8])]) -> (Value, Value) {
        let row = schema::get(event).unwrap();
        let mut buf = vec![0_u64; MAX_RECORD / 8];
        let mut writer = RecordWriter::begin(buf.as_mut_bytes(), row.params.len()).unwrap();
        writer.task().pid = 700;
        writer.task().ppid = 1;
        for (name, value) in bytes {
            let index = row.params.iter().position(|param| param.name == *name).unwrap();
            writer.bytes(index, value).unwrap();
        }
        let len = writer.finish(RecordHeader { event: event.0, ..RecordHeader::default() });
        let record = Record::parse(&buf.as_bytes()[..len]).unwrap();
        let shown = |normalize| super::record(&record, normalize).unwrap()["params"].clone();
        (shown(false), shown(true))
    }

    /// The number in a parameter of this event, as it is normalized.
    fn number(event: EventId, name: &str, value: i64) -> Value {
        params(event, &[(name, &value.to_ne_bytes())]).1[name].clone()
    }

    #[test]
    fn what_a_program_chose_survives() {
        assert_eq!(number(id::SOCKET, "type", 526_337), json!(526_337));
        assert_eq!(number(id::READ, "size", 1 << 40), json!(1_u64 << 40));
        assert_eq!(number(id::READ, "res", -11), json!(-11));
        assert_eq!(number(id::NANOSLEEP, "interval", 1_000_001), json!(1_000_001));
        assert_eq!(number(id::UTIMENSAT, "mtime", 1_000_000_001_999_999_999), json!(1_000_000_001_999_999_999_u64));
        assert_eq!(number(id::MMAP, "addr", 0x2000_0000_0000), json!("0x200000000000"));
        assert_eq!(number(id::MMAP, "res", 0x2000_0000_0000), json!(0x2000_0000_0000_u64));
        assert_eq!(number(id::FCNTL, "arg", 50), json!(50));
        assert_eq!(number(id::TRUNCATE, "length", -1), json!(u64::MAX));
        assert_eq!(number(id::KILL, "sig", 9), json!(9));
        assert_eq!(number(id::CHOWN, "uid", 100_000), json!(100_000));
        assert_eq!(number(id::EXECVE, "fdlimit", 1024), json!(1024));
        assert_eq!(number(id::EXECVE, "cap_effective", 1), json!(["CAP_CHOWN"]));
    }

    #[test]
    fn nobody_errors_and_the_first_process_survive_and_other_processes_do_not() {
        for known in [-100, -3, 0, 1] {
            assert_eq!(number(id::KILL, "pid", known), json!(known));
        }
        assert_eq!(number(id::KILL, "pid", 2), json!("(some)"));
        let (plain, normalized) = params(id::FORK, &[]);
        assert_eq!((&plain["pid"], &plain["ptid"]), (&json!(700), &json!(1)));
        assert_eq!((&normalized["pid"], &normalized["ptid"]), (&json!("(some)"), &json!(1)));
    }

    #[test]
    fn what_the_kernel_chose_does_not_survive() {
        for address in [0x5555_5555_4000, 0x7fff_ffff_f000, 0xaaaa_aaaa_a000, 0xffff_ffff_f000] {
            for (event, name) in [(id::BRK, "res"), (id::MMAP, "res"), (id::IOCTL, "argument"), (id::FCNTL, "arg")] {
                assert_eq!(number(event, name, address), json!("(some)"), "{name}");
            }
        }
        for figure in [0, 5000] {
            for name in ["vm_rss", "pgft_min", "exe_ino", "exe_ino_mtime"] {
                assert_eq!(number(id::EXECVE, name, figure), json!("(some)"), "{name}");
            }
        }
        assert_eq!(number(id::FORK, "child_start_time", 5000), json!("(some)"));
    }

    #[test]
    fn a_descriptor_keeps_its_path_and_its_ports_but_for_those_of_the_kernel_and_its_inode() {
        let head = FdHead { fd: 3, kind: FdKind::Inet4 as u8, ino: 77, dev: 0xfe01, ..FdHead::default() };
        let mut tuple = Tuple { family: family::INET, local_port: 40_000, remote_port: 5555, ..Tuple::default() };
        tuple.remote[..4].copy_from_slice(&[127, 0, 0, 1]);
        let bytes = [head.as_bytes(), tuple.as_bytes()].concat();
        let (plain, normalized) = params(id::LISTEN, &[("fd", &bytes)]);
        assert_eq!((&plain["fd"]["ino"], &plain["fd"]["tuple"]["local_port"]), (&json!(77), &json!(40_000)));
        assert_eq!(normalized["fd"].get("ino"), None);
        assert_eq!(normalized["fd"]["tuple"]["local_port"], json!("(some)"));
        assert_eq!(normalized["fd"]["tuple"]["remote_port"], json!(5555));
        assert_eq!(normalized["fd"]["tuple"]["remote"], json!("127.0.0.1"));
    }
}
