//! `evt.*` and `syscall.*`, but for arguments: what the event is, its result, how a file was opened.

use super::known::{Known, Number, Shape, Subject};
use crate::facts::{FieldArg, Value};
use crate::field::Field;
use kestrel_core::event::Flags;
use kestrel_core::filter::Load;
use kestrel_core::filter::build::{Condition, Is, Operand};
use kestrel_core::schema::{Category, Type, id};

/// Bits of open(2)'s flags and of a file's mode (`asm-generic/fcntl.h`, `linux/stat.h`).
const O_ACCMODE: u32 = 3;
const O_CREAT: u64 = 0o100;
const O_PATH: u32 = 0o10000000;
const EXECUTABLE: u64 = 0o111;
/// The flags that creat(2) opens with.
const CREAT_FLAGS: u64 = 0o1101;

/// How an error is called: `ENOENT`, or its number.
const ERROR_NAME: Shape = Shape {
    first: |b| b == b'E' || b.is_ascii_digit() || b == b'-',
    any: |b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'-',
};

/// What is known of a field; `None` if it is another's.
pub fn known(field: Field, arg: Option<&FieldArg>, subject: &Subject) -> Option<Known> {
    let is_io = matches!(subject.event.category, Category::IoRead | Category::IoWrite);
    let text = |text: &'static str| Known::Constant(Value::Str(text.as_bytes()));
    let boolean = |value: bool| Known::Constant(Value::Bool(value));
    Some(match field {
        Field::EvtNum => Known::Count,
        Field::EvtDir => text("<"),
        Field::EvtSource => text("syscall"),
        Field::EvtIsAsync => boolean(false),
        Field::EvtType => text(subject.event.name),
        Field::EvtTypeIs => match arg {
            Some(FieldArg::Name(name)) => Known::Constant(Value::Uint((**name == *subject.event.name).into())),
            _ => Known::Missing,
        },
        Field::SyscallType => match subject.id {
            id::PROCEXIT | id::SIGNALDELIVER | id::PAGE_FAULT => Known::Missing,
            _ => text(subject.event.name),
        },
        Field::EvtCategory => match subject.event.category {
            // It depends on what the descriptor stands for.
            Category::IoRead | Category::IoWrite | Category::IoOther => Known::Nothing,
            category => text(category.name()),
        },
        Field::EvtIsIo => boolean(is_io),
        Field::EvtIsIoRead => boolean(subject.event.category == Category::IoRead),
        Field::EvtIsIoWrite => boolean(subject.event.category == Category::IoWrite),
        Field::EvtIoDir => match subject.event.category {
            Category::IoRead => text("r"),
            Category::IoWrite => text("w"),
            _ => Known::Missing,
        },
        Field::EvtIsWait => boolean(matches!(subject.event.category, Category::Wait | Category::Sleep)),
        Field::EvtIsSyslog if subject.event.category != Category::IoWrite => boolean(false),
        Field::EvtBuflen | Field::EvtBuflenOut | Field::EvtBuflenIn if !is_io => Known::Missing,
        Field::EvtCount | Field::EvtCountExit => Known::Constant(Value::Uint(1)),
        Field::EvtFailed => {
            let failed = Condition::test(Operand::event(Load::Flags), Is::AnyBits(Flags::FAILED.0.into()));
            either(failed, boolean(true), boolean(false))
        }
        Field::EvtRawres => {
            result(subject).map_or(Known::Missing, |result| result.map_or(Known::Nothing, Known::Number))
        }
        Field::EvtRes => match result(subject) {
            None => Known::Missing,
            Some(None) => Known::Nothing,
            Some(Some(number)) => {
                let negative = Condition::test(number.what, Is::BelowSigned(0));
                let positive = Condition::all([super::known::exists(number.what), Condition::not(negative.clone())]);
                Known::Cases(vec![(negative, Known::Shape(ERROR_NAME)), (positive, text("SUCCESS"))])
            }
        },
        Field::EvtIsOpenRead => when(reads_or_writes(subject, [0, 2])),
        Field::EvtIsOpenWrite => when(reads_or_writes(subject, [1, 2])),
        Field::EvtIsOpenCreate => when(creates(subject)),
        Field::EvtIsOpenExec => when(creates_executable(subject)),
        _ => return None,
    })
}

/// Two cases, one of which is.
fn either(condition: Condition, then: Known, otherwise: Known) -> Known {
    Known::Cases(vec![(condition.clone(), then), (Condition::not(condition), otherwise)])
}

/// True where this holds.
fn when(condition: Condition) -> Known {
    either(condition, Known::Constant(Value::Bool(true)), Known::Constant(Value::Bool(false)))
}

/// What the call returned: `None` if the event has no result, `Some(None)` if it cannot be loaded.
pub fn result(subject: &Subject) -> Option<Option<Number>> {
    let first = subject.event.params.first().filter(|first| matches!(first.name, "res" | "fd"))?;
    let load = if matches!(first.ty, Type::Fd) { Load::FdNumber } else { Load::Number };
    Some(subject.load(load, 0).map(|what| Number { what, signed: true }))
}

/// True for the calls that open a file by its name or its handle.
pub fn is_open(subject: &Subject) -> bool {
    matches!(subject.event.name, "open" | "openat" | "openat2" | "open_by_handle_at" | "creat")
}

/// What holds of the flags of an open; never for other calls.
fn of_flags(subject: &Subject, of_creat: bool, test: impl Fn(Operand) -> Condition) -> Condition {
    if !is_open(subject) {
        return Condition::Never;
    }
    if subject.id == id::CREAT {
        return super::ask::constant(of_creat);
    }
    let flags = subject.index("flags").and_then(|index| subject.load(Load::Number, index));
    flags.map_or(Condition::Unknown, test)
}

/// Opened in one of these modes, and not only named.
fn reads_or_writes(subject: &Subject, modes: [u32; 2]) -> Condition {
    let of_creat = modes.contains(&(CREAT_FLAGS as u32 & O_ACCMODE));
    of_flags(subject, of_creat, |flags| {
        let mode = |value| Condition::test(flags, Is::Masked { mask: O_PATH | O_ACCMODE, value });
        Condition::any(modes.map(mode))
    })
}

fn creates(subject: &Subject) -> Condition {
    of_flags(subject, true, |flags| Condition::test(flags, Is::AnyBits(O_CREAT)))
}

fn creates_executable(subject: &Subject) -> Condition {
    let mode = match subject.index("mode") {
        None => Condition::Never,
        Some(index) => subject
            .load(Load::Number, index)
            .map_or(Condition::Unknown, |mode| Condition::test(mode, Is::AnyBits(EXECUTABLE))),
    };
    Condition::all([creates(subject), mode])
}
