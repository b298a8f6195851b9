//! `user.*`, `group.*`: for whom it was done. In a container, ids have the names that the container's own files give them; who
//! logged in is told by the machine's.

use super::EventFacts;
use super::given::Given;
use crate::container::{Accounts, IdMap};
use crate::state::{User, Users};
use kestrel_rules::{Field, Value};

/// The name that the kernel's own user has everywhere.
const ROOT: &[u8] = b"root";

pub(super) const GIVEN: &[Given] = &[
    (Field::UserUid, |facts, _| Value::Uint(facts.record.task().euid.into())),
    (Field::UserName, |facts, _| {
        let uid = facts.record.task().euid;
        match facts.user(uid, |user| &user.name) {
            // Without files of its own, a container knows root all the same.
            Value::Missing if facts.is_contained() && facts.inside(uid, |accounts| &accounts.uids) == Some(0) => {
                Value::Str(ROOT)
            }
            name => name,
        }
    }),
    (Field::UserHomedir, |facts, _| facts.user(facts.record.task().euid, |user| &user.home)),
    (Field::UserShell, |facts, _| facts.user(facts.record.task().euid, |user| &user.shell)),
    (Field::UserLoginuid, |facts, _| match facts.record.task().loginuid {
        u32::MAX => Value::Int(-1),
        uid => Value::Int(uid.into()),
    }),
    (Field::UserLoginname, |facts, _| {
        let user = facts.state.users.user(facts.record.task().loginuid);
        user.map_or(Value::Missing, |user| EventFacts::known(user.name.as_bytes()))
    }),
    (Field::GroupGid, |facts, _| Value::Uint(facts.record.task().egid.into())),
    (Field::GroupName, |facts, _| {
        let gid = facts.inside(facts.record.task().egid, |accounts| &accounts.gids);
        let group = gid.and_then(|gid| facts.users()?.group(gid));
        group.map_or(Value::Missing, |group| EventFacts::known(group.name.as_bytes()))
    }),
];

impl<'a> EventFacts<'a> {
    fn is_contained(&self) -> bool {
        self.process.is_some_and(|process| process.group.container.is_some())
    }

    /// What names ids in the container of the process; `None` if it is in none, or that is not known.
    fn accounts(&self) -> Option<&'a Accounts> {
        self.process?.group.container.as_ref()?.accounts()
    }

    /// The users that this process knows.
    fn users(&self) -> Option<&'a Users> {
        match self.is_contained() {
            true => self.accounts().map(|accounts| &accounts.users),
            false => Some(&self.state.users),
        }
    }

    /// An id as this process knows it.
    fn inside(&self, id: u32, map: impl Fn(&'a Accounts) -> &'a IdMap) -> Option<u32> {
        self.accounts().map_or(Some(id), |accounts| map(accounts).inside(id))
    }

    fn user(&self, uid: u32, value: impl Fn(&'a User) -> &'a str) -> Value<'a> {
        let uid = self.inside(uid, |accounts| &accounts.uids);
        let user = uid.and_then(|uid| self.users()?.user(uid));
        user.map_or(Value::Missing, |user| EventFacts::known(value(user).as_bytes()))
    }
}
