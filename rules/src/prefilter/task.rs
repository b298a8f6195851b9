//! `proc.*`, `thread.*`, `user.*`, `group.*`: numbers of the task, and what its process and its ancestors are called. Their programs
//! are known to the table of processes only.

use super::ProcessNames;
use super::known::{Known, Number, Subject, Text};
use crate::facts::{FieldArg, Value};
use crate::field::Field;
use kestrel_core::filter::Load;
use kestrel_core::filter::build::{Condition, Is, Operand};

/// What is known of a field; `None` if it is another's.
pub fn known(field: Field, arg: Option<&FieldArg>, subject: &Subject) -> Option<Known> {
    let load = match field {
        Field::ProcName => return name(Operand::event(Load::ProcessName), subject),
        Field::ProcPname => return name(Operand::param(Load::AncestorName, 1), subject),
        Field::ProcAname => {
            return match arg {
                Some(FieldArg::Index(0)) => name(Operand::event(Load::ProcessName), subject),
                Some(FieldArg::Index(n)) => name(Operand::param(Load::AncestorName, u8::try_from(*n).ok()?), subject),
                Some(FieldArg::Name(_)) => None,
                None => name(Operand::event(Load::AncestorName), subject).map(|_| Known::Ancestors),
            };
        }
        Field::ProcPid => Load::Pid,
        Field::ProcPpid => Load::Ppid,
        Field::ProcVpid => Load::Vpid,
        Field::ProcSid => Load::Sid,
        Field::ProcPgid => Load::Pgid,
        Field::ProcVpgid => Load::Vpgid,
        Field::ProcTty => Load::Tty,
        Field::ThreadTid => Load::Tid,
        Field::ThreadVtid => Load::Vtid,
        Field::UserUid => Load::Euid,
        Field::GroupGid => Load::Egid,
        Field::UserLoginuid => {
            let uid = Operand::event(Load::LoginUid);
            let unset = Condition::test(uid, Is::Equal(u32::MAX.into()));
            let set = Condition::not(unset.clone());
            return Some(Known::Cases(vec![
                (unset, Known::Constant(Value::Int(-1))),
                (set, Known::Number(Number { what: uid, signed: true })),
            ]));
        }
        _ => return None,
    };
    // All of them are numbers of 32 bits without a sign: read as either, they are the same.
    Some(Known::Number(Number { what: Operand::event(load), signed: true }))
}

/// A name of a process. Where the kernel finds one, the table of processes has it as well.
fn name(what: Operand, subject: &Subject) -> Option<Known> {
    let asked = subject.names == ProcessNames::Known && what.load.fits(subject.id, what.param);
    asked.then(|| Known::Text(Text::known(what)))
}
