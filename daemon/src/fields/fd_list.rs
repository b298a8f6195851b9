//! `fdlist.*`: the descriptors that a call waits for, as lists of text.

use super::EventFacts;
use super::descriptor::{Ends, ends_of, named};
use super::given::Given;
use kestrel_core::event::FdView;
use kestrel_core::schema::Type;
use kestrel_rules::{Field, Value};
use std::io::Write;

type Out<'a> = bumpalo::collections::Vec<'a, u8>;

pub(super) const GIVEN: &[Given] = &[
    (Field::FdlistNums, |facts, _| facts.listed(|out, fd| write!(out, "{}", fd.head.fd).is_ok())),
    (Field::FdlistNames, |facts, _| {
        facts.listed(|out, fd| {
            let before = out.len();
            named(out, fd);
            out.len() > before
        })
    }),
    (Field::FdlistCips, |facts, _| facts.of_ends(|out, ends| write!(out, "{}", ends.client.ip()).is_ok())),
    (Field::FdlistSips, |facts, _| facts.of_ends(|out, ends| write!(out, "{}", ends.server.ip()).is_ok())),
    (Field::FdlistCports, |facts, _| facts.of_ends(|out, ends| write!(out, "{}", ends.client.port()).is_ok())),
    (Field::FdlistSports, |facts, _| facts.of_ends(|out, ends| write!(out, "{}", ends.server.port()).is_ok())),
];

impl<'a> EventFacts<'a> {
    /// What `show` writes of each descriptor, split by commas; descriptors of which it writes nothing are left out. Missing if
    /// the call has no list, or nothing is written.
    fn listed(&self, show: impl Fn(&mut Out<'a>, &FdView<'a>) -> bool) -> Value<'a> {
        let Some(index) = self.event.params.iter().position(|param| matches!(param.ty, Type::FdList)) else {
            return Value::Missing;
        };
        let Some(param) = self.record.param(index) else { return Value::Missing };
        let mut out = Out::new_in(self.arena);
        for (_, fd) in param.fd_list() {
            let before = out.len();
            if before > 0 {
                out.push(b',');
            }
            if !show(&mut out, &fd) {
                out.truncate(before);
            }
        }
        EventFacts::known(out.into_bump_slice())
    }

    fn of_ends(&self, show: impl Fn(&mut Out<'a>, &Ends) -> bool) -> Value<'a> {
        self.listed(|out, fd| ends_of(fd).is_some_and(|ends| show(out, &ends)))
    }
}
