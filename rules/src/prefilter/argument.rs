//! `evt.arg`, `evt.rawarg`: parameters of the event.

use super::known::{Known, Number, Subject, Text};
use crate::facts::FieldArg;
use crate::field::Field;
use kestrel_core::filter::Load;
use kestrel_core::filter::build::{Condition, Is, Operand};
use kestrel_core::schema::{ContextField, From, Type};

/// What is known of a field; `None` if it is another's.
pub fn known(field: Field, arg: Option<&FieldArg>, subject: &Subject) -> Option<Known> {
    if !matches!(field, Field::EvtArg | Field::EvtRawarg) {
        return None;
    }
    let index = match arg {
        Some(FieldArg::Index(n)) => u8::try_from(*n).ok().filter(|n| subject.type_of(*n).is_some()),
        Some(FieldArg::Name(name)) => subject.index(name),
        None => None,
    };
    let (Some(index), Some(ty), Some(source)) =
        (index, index.and_then(|index| subject.type_of(index)), index.and_then(|index| subject.source_of(index)))
    else {
        return Some(Known::Missing);
    };
    let raw = field == Field::EvtRawarg;
    Some(match source {
        From::Context(field) => of_context(field, ty, raw),
        // What stands for nothing has zeros here, which no load gives; the process is known to its table only.
        From::OfFd { .. } | From::Process(_) => Known::Nothing,
        _ if raw => rawarg(subject, index, ty),
        _ => shown(subject, index, ty),
    })
}

fn of_context(field: ContextField, ty: Type, raw: bool) -> Known {
    let load = match field {
        ContextField::Comm => {
            return Known::Text(Text { missing_if_empty: false, ..Text::known(Operand::event(Load::Comm)) });
        }
        ContextField::Tid => Load::Tid,
        ContextField::Pid => Load::Pid,
        ContextField::Ppid => Load::Ppid,
        ContextField::Tty => Load::Tty,
        ContextField::Vpgid => Load::Vpgid,
        ContextField::Pgid => Load::Pgid,
        ContextField::LoginUid => Load::LoginUid,
        ContextField::Euid => Load::Euid,
        ContextField::Egid => Load::Egid,
        ContextField::Vtid => Load::Vtid,
        ContextField::Vpid => Load::Vpid,
    };
    let number = Number { what: Operand::event(load), signed: true };
    if raw { Known::Decimal(number) } else { as_shown(number, ty) }
}

/// A number of this type, as it is shown.
fn as_shown(number: Number, ty: Type) -> Known {
    match ty {
        Type::Int | Type::Pid => Known::Decimal(Number { signed: true, ..number }),
        Type::Uint | Type::Time | Type::Span => Known::Decimal(Number { signed: false, ..number }),
        Type::Flags(names) => Known::Flags(number, names),
        Type::Enum(names) => Known::Enum(number, names),
        // Names of users, groups, errors and signals; numbers in other bases.
        _ => Known::Nothing,
    }
}

/// As `evt.arg` shows it.
fn shown(subject: &Subject, index: u8, ty: Type) -> Known {
    match ty {
        Type::String => string(subject, index),
        Type::Path => shown_path(subject, index),
        Type::Strings | Type::Bytes | Type::Fd | Type::FdList | Type::Address | Type::Tuple => Known::Nothing,
        ty => match subject.load(Load::Number, index) {
            Some(what) => as_shown(Number { what, signed: true }, ty),
            None => Known::Nothing,
        },
    }
}

/// As `evt.rawarg` shows it.
fn rawarg(subject: &Subject, index: u8, ty: Type) -> Known {
    match ty {
        Type::String => string(subject, index),
        Type::Path => match subject.load(Load::RawPath, index) {
            Some(what) => Known::Text(Text { missing_if_empty: false, ..Text::known(what) }),
            None => Known::Nothing,
        },
        Type::Strings | Type::Bytes | Type::FdList | Type::Address | Type::Tuple => Known::Nothing,
        ty => {
            let load = if matches!(ty, Type::Fd) { Load::FdNumber } else { Load::Number };
            let number = subject.load(load, index).map(|what| Number { what, signed: true });
            number.map_or(Known::Nothing, Known::Decimal)
        }
    }
}

fn string(subject: &Subject, index: u8) -> Known {
    match subject.load(Load::String, index) {
        Some(what) => Known::Text(Text { missing_if_empty: false, ..Text::known(what) }),
        None => Known::Nothing,
    }
}

/// What the caller passed if that is absolute, else the absolute path.
fn shown_path(subject: &Subject, index: u8) -> Known {
    let (Some(raw), Some(absolute)) = (subject.load(Load::RawPath, index), subject.load(Load::Path, index)) else {
        return Known::Nothing;
    };
    let is_absolute = Condition::test(raw, Is::Prefix(b"/".to_vec()));
    let text = |what| Known::Text(Text { missing_if_empty: false, ..Text::known(what) });
    Known::Cases(vec![(is_absolute.clone(), text(raw)), (Condition::not(is_absolute), text(absolute))])
}
