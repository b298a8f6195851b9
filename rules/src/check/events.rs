//! Which events a condition can hold for, and which it can fail for: by sets, and by De Morgan's laws for `not`.
//!
//! Both sets may be too large, never too small: only what the event's type decides is counted.

use crate::facts::Value;
use crate::field::Field;
use crate::plan::Predicate;
use crate::syntax::Op;
use bumpalo::Bump;
use kestrel_core::schema::{EVENTS, EventId, EventSet};
use std::sync::LazyLock;

/// The events for which something can hold, and those for which it can fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Events {
    pub when_true: EventSet,
    pub when_false: EventSet,
}

impl Events {
    /// Nothing is known.
    pub fn any() -> Events {
        Events { when_true: EventSet::all(), when_false: EventSet::all() }
    }

    /// Of a conjunction.
    pub fn all_of(terms: impl Iterator<Item = Events> + Clone) -> Events {
        Events {
            when_true: terms.clone().fold(EventSet::all(), |set, term| set.intersection(&term.when_true)),
            when_false: terms.fold(EventSet::EMPTY, |set, term| set.union(&term.when_false)),
        }
    }

    /// Of a disjunction.
    pub fn any_of(terms: impl Iterator<Item = Events> + Clone) -> Events {
        Events::all_of(terms.map(Events::negated)).negated()
    }

    /// Of a negation.
    pub fn negated(self) -> Events {
        Events { when_true: self.when_false, when_false: self.when_true }
    }

    /// Of a question about the value of a field, given what is asked.
    pub fn of_test(field: Field, op: Op, predicate: &Predicate) -> Events {
        match field {
            Field::EvtType => {
                let when_true = named(predicate);
                Events { when_true, when_false: when_true.complement() }
            }
            // Not every event has it: then it fails.
            Field::SyscallType => Events { when_true: named(predicate), when_false: EventSet::all() },
            // Events are counted from 1 on.
            Field::EvtNum => {
                let arena = Bump::new();
                let holds = |n: u64| predicate.test(Value::Uint(n), &arena);
                let (at_zero, at_one, far) = (holds(0), holds(1), holds(u64::MAX));
                let never = match op {
                    Op::Eq | Op::In | Op::Intersects => {
                        at_zero && matches!(predicate, Predicate::Whole(n) if n.len() == 1)
                    }
                    Op::Lt | Op::Le => !at_one,
                    _ => false,
                };
                let always = match op {
                    Op::Ne => {
                        !at_zero
                            && at_one
                            && far
                            && matches!(predicate, Predicate::Not(inner)
                        if matches!(&**inner, Predicate::Whole(n) if **n == [0]))
                    }
                    Op::Gt | Op::Ge => at_one,
                    _ => false,
                };
                Events {
                    when_true: if never { EventSet::EMPTY } else { EventSet::all() },
                    when_false: if always { EventSet::EMPTY } else { EventSet::all() },
                }
            }
            _ => Events::any(),
        }
    }
}

/// The events by their names, in order.
static BY_NAME: LazyLock<Box<[(&str, EventId)]>> = LazyLock::new(|| {
    let mut names: Box<[_]> = EVENTS.iter().zip(0..).map(|(event, id)| (event.name, EventId(id))).collect();
    names.sort_unstable_by_key(|(name, _)| *name);
    names
});

/// The events of this name.
fn of_name(name: &[u8]) -> impl Iterator<Item = EventId> {
    let from = BY_NAME.partition_point(|(other, _)| other.as_bytes() < name);
    BY_NAME[from..].iter().take_while(move |(other, _)| other.as_bytes() == name).map(|(_, id)| *id)
}

/// The events whose names satisfy a predicate.
fn named(predicate: &Predicate) -> EventSet {
    match predicate {
        Predicate::Text(name) => return of_name(name).collect(),
        Predicate::TextIn(names) => return names.iter().flat_map(of_name).collect(),
        Predicate::Not(inner) => return named(inner).complement(),
        _ => {}
    }
    let arena = Bump::new();
    (0u16..)
        .zip(EVENTS)
        .filter(|(_, event)| predicate.test(Value::Str(event.name.as_bytes()), &arena))
        .map(|(id, _)| EventId(id))
        .collect()
}
