//! `proc.*`, `thread.*`, `user.*`, `group.*`: numbers of the task, and what its process and its parent are called. Programs and
//! further ancestors are known to the table of processes only.

use super::ProcessNames;
use super::known::{Known, Number, Subject, Text};
use crate::facts::Value;
use crate::field::Field;
use kestrel_core::filter::Load;
use kestrel_core::filter::build::{Condition, Is, Operand};

/// What is known of a field; `None` if it is another's.
pub fn known(field: Field, subject: &Subject) -> Option<Known> {
    let load = match field {
        Field::ProcName => return name(Load::ProcessName, subject),
        Field::ProcPname => return name(Load::ParentName, subject),
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
fn name(load: Load, subject: &Subject) -> Option<Known> {
    if subject.names == ProcessNames::Unknown {
        return None;
    }
    subject.load(load, 0).map(|what| Known::Text(Text::known(what)))
}
