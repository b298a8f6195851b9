//! `evt.*`: the event itself.

use super::render::errno_name;
use super::{EventFacts, ParamValue};
use kestrel_core::event::Flags;
use kestrel_core::schema::{Type, id};
use kestrel_rules::{Field, FieldArg, FieldRef, Value};

/// Bits of open(2)'s flags and of a file's mode (`asm-generic/fcntl.h`, `linux/stat.h`).
const O_ACCMODE: i64 = 3;
const O_CREAT: i64 = 0o100;
const EXECUTABLE: i64 = 0o111;

impl<'a> EventFacts<'a> {
    fn result(&self) -> Option<i64> {
        let (row, value) = self.param_at(0)?;
        if matches!(row.name, "res" | "fd") { value.int(&row.ty) } else { None }
    }

    fn is_open(&self) -> bool {
        matches!(self.event.name, "open" | "openat" | "openat2" | "open_by_handle_at" | "creat")
    }

    /// Flags of an open; creat(2) has none, but is an open with these.
    fn open_flags(&self) -> Option<i64> {
        match self.id() {
            id::CREAT => Some(0o1101),
            _ if self.is_open() => self.number("flags"),
            _ => None,
        }
    }

    fn arg(&self, arg: Option<&FieldArg>, raw: bool) -> Value<'a> {
        let found = match arg {
            Some(FieldArg::Index(n)) => self.param_at(*n as usize),
            Some(FieldArg::Name(name)) => self.param(name),
            None => None,
        };
        let Some((row, value)) = found else { return Value::Missing };
        if raw {
            return match value {
                ParamValue::Written(param) if matches!(row.ty, Type::String | Type::Strings | Type::Bytes) => {
                    Value::Str(param.0)
                }
                ParamValue::Written(param) if matches!(row.ty, Type::Path) => {
                    param.path().map_or(Value::Missing, |path| Value::Str(path.raw))
                }
                ParamValue::Bytes(bytes) => Value::Str(bytes),
                value => match value.int(&row.ty) {
                    Some(n) => self.text(format_args!("{n}")),
                    None => Value::Missing,
                },
            };
        }
        Value::Str(self.rendered(&row.ty, value))
    }

    pub(super) fn event_field(&self, field: &FieldRef) -> Value<'_> {
        let time = self.record.header().time_ns;
        let failed = self.record.flags().contains(Flags::FAILED);
        let sends = matches!(self.event.name, "sendto" | "sendmsg");
        match field.field {
            Field::EvtNum => Value::Uint(self.clock.number),
            Field::EvtTime => self.text(format_args!("{}", self.clock.local(time, "%H:%M:%S.%9f"))),
            Field::EvtTimeS => self.text(format_args!("{}", self.clock.local(time, "%H:%M:%S"))),
            Field::EvtTimeIso8601 => self.text(format_args!("{}", self.clock.utc(time, "%Y-%m-%dT%H:%M:%S.%9f+0000"))),
            Field::EvtDatetime => self.text(format_args!("{}", self.clock.local(time, "%Y-%m-%d %H:%M:%S.%9f"))),
            Field::EvtDatetimeS => self.text(format_args!("{}", self.clock.local(time, "%Y-%m-%d %H:%M:%S"))),
            Field::EvtRawtime => Value::Uint(time),
            Field::EvtRawtimeS => Value::Uint(time / 1_000_000_000),
            Field::EvtRawtimeNs => Value::Uint(time % 1_000_000_000),
            Field::EvtReltime => Value::Uint(time.saturating_sub(self.clock.first_ns)),
            Field::EvtReltimeS => Value::Uint(time.saturating_sub(self.clock.first_ns) / 1_000_000_000),
            Field::EvtReltimeNs => Value::Uint(time.saturating_sub(self.clock.first_ns) % 1_000_000_000),
            Field::EvtDeltatime => Value::Uint(time.saturating_sub(self.clock.previous_ns)),
            Field::EvtDir => Value::Str(b"<"),
            Field::EvtType => Value::Str(self.event.name.as_bytes()),
            Field::EvtTypeIs => match &field.arg {
                Some(FieldArg::Name(name)) => Value::Uint((**name == *self.event.name).into()),
                _ => Value::Missing,
            },
            Field::SyscallType if self.id() != id::PROCEXIT => Value::Str(self.event.name.as_bytes()),
            Field::EvtCategory => Value::Str(self.event.category.name().as_bytes()),
            Field::EvtCpu => Value::Int(self.record.header().cpu.into()),
            Field::EvtArgs | Field::EvtInfo => Value::Str(self.all_params()),
            Field::EvtArg => self.arg(field.arg.as_ref(), false),
            Field::EvtRawarg => self.arg(field.arg.as_ref(), true),
            Field::EvtBuffer => self.written("data").map_or(Value::Missing, |param| Value::Str(param.0)),
            Field::EvtBuflen if sends => self.result().map_or(Value::Missing, |n| Value::Uint(n.max(0) as u64)),
            Field::EvtRes => match self.result() {
                Some(n) if n < 0 => self.text(format_args!("{}", errno_name(i32::try_from(-n).unwrap_or(0)))),
                Some(_) => Value::Str(b"SUCCESS"),
                None => Value::Missing,
            },
            Field::EvtRawres => self.result().map_or(Value::Missing, Value::Int),
            Field::EvtFailed => Value::Bool(failed),
            Field::EvtIsIo | Field::EvtIsIoWrite => Value::Bool(sends),
            Field::EvtIsIoRead | Field::EvtIsWait | Field::EvtIsAsync => Value::Bool(false),
            Field::EvtIoDir if sends => Value::Str(b"w"),
            Field::EvtCount => Value::Uint(1),
            Field::EvtCountError => Value::Uint(failed.into()),
            Field::EvtAbspath => self.abspath(match &field.arg {
                Some(FieldArg::Name(name)) => Some(name),
                _ => None,
            }),
            Field::EvtIsOpenRead => self.when_open(|flags| matches!(flags & O_ACCMODE, 0 | 2)),
            Field::EvtIsOpenWrite => self.when_open(|flags| matches!(flags & O_ACCMODE, 1 | 2)),
            Field::EvtIsOpenCreate => self.when_open(|flags| flags & O_CREAT != 0),
            Field::EvtIsOpenExec => {
                let executable = self.number("mode").is_some_and(|mode| mode & EXECUTABLE != 0);
                self.when_open(|flags| flags & O_CREAT != 0 && executable)
            }
            Field::EvtSource => Value::Str(b"syscall"),
            Field::EvtHostname => Value::Str(self.clock.hostname.as_bytes()),
            _ => Value::Missing,
        }
    }

    fn when_open(&self, test: impl Fn(i64) -> bool) -> Value<'a> {
        Value::Bool(self.is_open() && self.open_flags().is_some_and(test))
    }
}
