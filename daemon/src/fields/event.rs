//! `evt.*`, `syscall.*`: what the event is, its parameters and its result.

use super::given::Given;
use super::places::Known;
use super::render::errno_name;
use super::{EventFacts, ParamValue};
use kestrel_core::event::Flags;
use kestrel_core::schema::{Type, id};
use kestrel_rules::{Field, FieldArg, Value};

/// Bits of open(2)'s flags and of a file's mode (`asm-generic/fcntl.h`, `linux/stat.h`).
const O_ACCMODE: i64 = 3;
const O_CREAT: i64 = 0o100;
const O_PATH: i64 = 0o10000000;
const EXECUTABLE: i64 = 0o111;

pub(super) const GIVEN: &[Given] = &[
    (Field::EvtDir, |_, _| Value::Str(b"<")),
    (Field::EvtType, |facts, _| Value::Str(facts.event.name.as_bytes())),
    (Field::EvtTypeIs, |facts, arg| match arg {
        Some(FieldArg::Name(name)) => Value::Uint((**name == *facts.event.name).into()),
        _ => Value::Missing,
    }),
    (Field::SyscallType, |facts, _| match facts.id() {
        id::PROCEXIT | id::SIGNALDELIVER | id::PAGE_FAULT => Value::Missing,
        _ => Value::Str(facts.event.name.as_bytes()),
    }),
    (Field::EvtCategory, |facts, _| Value::Str(facts.category().as_bytes())),
    (Field::EvtCpu, |facts, _| Value::Int(facts.record.header().cpu.into())),
    (Field::EvtArgs, |facts, _| Value::Str(facts.all_params())),
    (Field::EvtInfo, |facts, _| Value::Str(facts.all_params())),
    (Field::EvtArg, |facts, arg| match facts.argument(arg) {
        Some((row, value)) => Value::Str(facts.rendered(&row.ty, value)),
        None => Value::Missing,
    }),
    (Field::EvtRawarg, |facts, arg| facts.raw_argument(arg)),
    (Field::EvtRes, |facts, _| match facts.result() {
        Some(n) if n < 0 => facts.text(format_args!("{}", errno_name(i32::try_from(-n).unwrap_or(0)))),
        Some(_) => Value::Str(b"SUCCESS"),
        None => Value::Missing,
    }),
    (Field::EvtRawres, |facts, _| facts.result().map_or(Value::Missing, Value::Int)),
    (Field::EvtFailed, |facts, _| Value::Bool(facts.failed())),
    (Field::EvtAbspath, |facts, arg| {
        facts.abspath(match arg {
            Some(FieldArg::Name(name)) => Some(name),
            _ => None,
        })
    }),
    // A descriptor that only names its file neither reads nor writes; opened again through /proc, it is seen.
    (Field::EvtIsOpenRead, |facts, _| {
        facts.when_open(|flags| flags & O_PATH == 0 && matches!(flags & O_ACCMODE, 0 | 2))
    }),
    (Field::EvtIsOpenWrite, |facts, _| {
        facts.when_open(|flags| flags & O_PATH == 0 && matches!(flags & O_ACCMODE, 1 | 2))
    }),
    (Field::EvtIsOpenCreate, |facts, _| facts.when_open(|flags| flags & O_CREAT != 0)),
    (Field::EvtIsOpenExec, |facts, _| {
        let executable = facts.number(Known::Mode).is_some_and(|mode| mode & EXECUTABLE != 0);
        facts.when_open(|flags| flags & O_CREAT != 0 && executable)
    }),
];

impl<'a> EventFacts<'a> {
    /// What the call returned.
    pub(super) fn result(&self) -> Option<i64> {
        let (row, value) = self.param_at(0)?;
        if matches!(row.name, "res" | "fd") { value.int(&row.ty) } else { None }
    }

    /// True if the call returned an error.
    pub(super) fn failed(&self) -> bool {
        self.record.flags().contains(Flags::FAILED)
    }

    /// Flags of an open; creat(2) has none, but is an open with these.
    fn open_flags(&self) -> Option<i64> {
        match self.id() {
            id::CREAT => Some(0o1101),
            _ if self.places.is_open => self.number(Known::Flags),
            _ => None,
        }
    }

    fn when_open(&self, test: impl Fn(i64) -> bool) -> Value<'a> {
        Value::Bool(self.places.is_open && self.open_flags().is_some_and(test))
    }

    fn argument(&self, arg: Option<&FieldArg>) -> Option<(&'static kestrel_core::schema::Param, ParamValue<'a>)> {
        match arg? {
            FieldArg::Index(n) => self.param_at(*n as usize),
            FieldArg::Name(name) => self.param(name),
        }
    }

    fn raw_argument(&self, arg: Option<&FieldArg>) -> Value<'a> {
        let Some((row, value)) = self.argument(arg) else { return Value::Missing };
        match value {
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
        }
    }
}
