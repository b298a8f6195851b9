//! `proc.*`, `thread.*`, `user.*`, `group.*`: numbers of the task. Names and programs are known to the table of processes only.

use super::known::{Known, Number};
use crate::facts::Value;
use crate::field::Field;
use kestrel_core::filter::Load;
use kestrel_core::filter::build::{Condition, Is, Operand};

/// What is known of a field; `None` if it is another's.
pub fn known(field: Field) -> Option<Known> {
    let load = match field {
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
