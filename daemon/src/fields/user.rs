//! `user.*`, `group.*`: for whom it was done.

use super::EventFacts;
use super::given::Given;
use crate::state::User;
use kestrel_rules::{Field, Value};

pub(super) const GIVEN: &[Given] = &[
    (Field::UserUid, |facts, _| Value::Uint(facts.record.task().euid.into())),
    (Field::UserName, |facts, _| facts.user(facts.record.task().euid, |user| &user.name)),
    (Field::UserHomedir, |facts, _| facts.user(facts.record.task().euid, |user| &user.home)),
    (Field::UserShell, |facts, _| facts.user(facts.record.task().euid, |user| &user.shell)),
    (Field::UserLoginuid, |facts, _| match facts.record.task().loginuid {
        u32::MAX => Value::Int(-1),
        uid => Value::Int(uid.into()),
    }),
    (Field::UserLoginname, |facts, _| facts.user(facts.record.task().loginuid, |user| &user.name)),
    (Field::GroupGid, |facts, _| Value::Uint(facts.record.task().egid.into())),
    (Field::GroupName, |facts, _| {
        let group = facts.state.users.group(facts.record.task().egid);
        group.map_or(Value::Missing, |group| EventFacts::known(group.name.as_bytes()))
    }),
];

impl<'a> EventFacts<'a> {
    fn user(&self, uid: u32, value: impl Fn(&'a User) -> &'a str) -> Value<'a> {
        self.state.users.user(uid).map_or(Value::Missing, |user| EventFacts::known(value(user).as_bytes()))
    }
}
