//! Records as JSON lines: for people who look, and for tests that compare.

use kestrel_core::event::{FdView, Param, PathView, Record, TupleView};
use kestrel_core::schema::{self, ContextField, EventId, From, Type};
use serde_json::{Map, Value, json};

/// One record as a JSON object. With `normalize`, what differs from run to run (ids, times, inodes, sizes) is replaced by
/// whether it is there, so that two runs can be compared. `None` if the event is not known.
pub fn record(record: &Record<'_>, normalize: bool) -> Option<Value> {
    let header = record.header();
    let event = schema::get(EventId(header.event))?;
    let mut params = Map::new();
    for (index, row) in event.params.iter().enumerate() {
        let value = match row.from {
            From::Context(field) => context(record, field, normalize),
            From::OfFd { .. } | From::Process(_) => continue,
            _ => record.param(index).map_or(Value::Null, |param| value(&row.ty, param, normalize)),
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

/// What stands for a number that differs from run to run.
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
    if normalize { volatile(n.into()) } else { json!(n) }
}

fn value(ty: &Type, param: Param<'_>, normalize: bool) -> Value {
    let number = param.uint().unwrap_or(0);
    match ty {
        Type::Pid | Type::Time | Type::Span if normalize && (number as i64) > 0 => volatile(number),
        // Kernel addresses, sizes and counts of a process.
        Type::Uint if normalize => {
            if number > 4096 {
                volatile(number)
            } else {
                json!(number)
            }
        }
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
