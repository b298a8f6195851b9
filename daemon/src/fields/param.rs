//! Parameters, wherever they come from: the record, its task context, a descriptor in it, or the process table.

use super::EventFacts;
use super::places::Known;
use kestrel_core::event::Param;
use kestrel_core::schema::{self, ContextField, FdField, From, ProcessField, Type};

/// The value of a parameter, not yet text.
#[derive(Clone, Copy, Debug)]
pub enum ParamValue<'a> {
    /// As it lies in the record.
    Written(Param<'a>),
    /// A number from elsewhere.
    Number(u64),
    /// Text from elsewhere.
    Bytes(&'a [u8]),
}

impl ParamValue<'_> {
    /// As a signed number: what a descriptor parameter holds is its number.
    pub fn int(&self, ty: &Type) -> Option<i64> {
        match self {
            ParamValue::Written(param) if matches!(ty, Type::Fd) => param.fd().map(|fd| fd.head.fd.into()),
            ParamValue::Written(param) => param.int(),
            ParamValue::Number(n) => Some(*n as i64),
            ParamValue::Bytes(_) => None,
        }
    }
}

impl<'a> EventFacts<'a> {
    /// The parameter at an index of the schema, with its row.
    pub(super) fn param_at(&self, index: usize) -> Option<(&'static schema::Param, ParamValue<'a>)> {
        let row = self.event.params.get(index)?;
        let value = match row.from {
            From::Context(field) => self.context(field),
            From::OfFd { param, field } => {
                let fd = self.record.param(param.into())?.fd()?;
                ParamValue::Number(match field {
                    FdField::Dev => fd.head.dev.into(),
                    FdField::Ino => fd.head.ino,
                    FdField::Flags => fd.head.flags.into(),
                })
            }
            From::Process(field) => {
                let process = self.process?;
                ParamValue::Bytes(match field {
                    ProcessField::Exe => &process.image.exe,
                    ProcessField::Args => &process.image.args,
                    ProcessField::Cwd => &process.cwd,
                    ProcessField::Cgroups => &process.group.path,
                })
            }
            _ => ParamValue::Written(self.record.param(index)?),
        };
        Some((row, value))
    }

    /// The parameter of this name.
    pub(super) fn param(&self, name: &str) -> Option<(&'static schema::Param, ParamValue<'a>)> {
        self.param_at(self.event.params.iter().position(|param| param.name == name)?)
    }

    /// A parameter as it lies in the record.
    pub(super) fn written(&self, known: Known) -> Option<Param<'a>> {
        match self.param_at(self.places.known(known)?)?.1 {
            ParamValue::Written(param) => Some(param),
            ParamValue::Number(_) | ParamValue::Bytes(_) => None,
        }
    }

    /// A parameter as a number.
    pub(super) fn number(&self, known: Known) -> Option<i64> {
        let (row, value) = self.param_at(self.places.known(known)?)?;
        value.int(&row.ty)
    }

    fn context(&self, field: ContextField) -> ParamValue<'a> {
        let task = self.record.task();
        ParamValue::Number(
            match field {
                ContextField::Comm => return ParamValue::Bytes(task.comm()),
                ContextField::Tid => task.tid,
                ContextField::Pid => task.pid,
                ContextField::Ppid => task.ppid,
                ContextField::Tty => task.tty,
                ContextField::Vpgid => task.vpgid,
                ContextField::Pgid => task.pgid,
                ContextField::LoginUid => task.loginuid,
                ContextField::Euid => task.euid,
                ContextField::Egid => task.egid,
                ContextField::Vtid => task.vtid,
                ContextField::Vpid => task.vpid,
            }
            .into(),
        )
    }
}
