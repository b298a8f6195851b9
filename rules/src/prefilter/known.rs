//! What the kernel can know of a field's value.

use super::ProcessNames;
use crate::facts::Value;
use kestrel_core::filter::build::{Condition, Is, Operand};
use kestrel_core::filter::{Load, Scope};
use kestrel_core::schema::{self, Event, EventId, FlagNames, From, Type};

/// What the kernel knows of the value of a field, for one event.
#[derive(Clone, Debug)]
pub enum Known {
    /// Nothing: the value may be anything.
    Nothing,
    /// It is missing.
    Missing,
    /// It is the number of the event, counted from 1.
    Count,
    /// It is always this.
    Constant(Value<'static>),
    /// It is one of these; which of them is not known.
    OneOf(&'static [&'static [u8]]),
    /// It is a text, of which only this is known.
    Shape(Shape),
    /// It is the number of a load.
    Number(Number),
    /// It is the number of a load in decimal, as text.
    Decimal(Number),
    /// It is the text of a load.
    Text(Text),
    /// It is the names of all ancestors, of which any may be meant.
    Ancestors,
    /// It is the names of the bits of a load, joined by `|`; the number, if none has a name.
    Flags(Number, &'static FlagNames),
    /// It is the first name of a load's number; the number, if it has none.
    Enum(Number, &'static FlagNames),
    /// It is the address of a load; missing if it is all zero.
    Address(Operand),
    /// It is the address of a load, even if it is all zero.
    AnyAddress(Operand),
    /// Of cases that exclude each other, the one whose condition holds; missing if none does.
    Cases(Vec<(Condition, Known)>),
    /// It is several values of which any may be meant; all missing, or none.
    Any(Vec<Known>),
}

/// A number.
#[derive(Clone, Copy, Debug)]
pub struct Number {
    /// What is loaded.
    pub what: Operand,
    /// Its 64 bits are a signed number.
    pub signed: bool,
}

/// A text.
#[derive(Clone, Copy, Debug)]
pub struct Text {
    /// What is loaded.
    pub what: Operand,
    /// It counts as missing if it is empty.
    pub missing_if_empty: bool,
}

/// What is known of a text whose bytes are not known: it is not empty, and what it can consist of.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// Bytes that it can begin with.
    pub first: fn(u8) -> bool,
    /// Bytes that it can hold.
    pub any: fn(u8) -> bool,
}

/// An event that is looked at: what is derived is derived for it.
#[derive(Clone, Copy, Debug)]
pub struct Subject {
    /// Its id.
    pub id: EventId,
    /// Its row.
    pub event: &'static Event,
    /// Whether names of processes are known.
    pub names: ProcessNames,
}

impl Subject {
    /// `None` if there is no such event.
    pub fn new(id: EventId, names: ProcessNames) -> Option<Subject> {
        Some(Subject { id, event: schema::get(id)?, names })
    }

    /// Index of the parameter of this name.
    pub fn index(&self, name: &str) -> Option<u8> {
        self.event.params.iter().position(|param| param.name == name).map(|index| index as u8)
    }

    /// A load of a parameter, if the event has it.
    pub fn load(&self, load: Load, index: u8) -> Option<Operand> {
        load.fits(self.id, index).then_some(Operand::param(load, index))
    }

    /// Type of a parameter.
    pub fn type_of(&self, index: u8) -> Option<Type> {
        self.event.params.get(usize::from(index)).map(|param| param.ty)
    }

    /// Where a parameter comes from.
    pub fn source_of(&self, index: u8) -> Option<From> {
        self.event.params.get(usize::from(index)).map(|param| param.from)
    }

    /// The parameter that `fd.*` is about: the first descriptor that is called `fd` or `res`.
    pub fn descriptor(&self) -> Option<u8> {
        let is_it = |param: &schema::Param| matches!(param.ty, Type::Fd) && matches!(param.name, "fd" | "res");
        self.event.params.iter().position(is_it).map(|index| index as u8)
    }

    /// The parameter with both ends of a socket.
    pub fn tuple(&self) -> Option<u8> {
        self.index("tuple")
    }
}

impl Text {
    /// A text that counts as missing if it is empty.
    pub const fn known(what: Operand) -> Text {
        Text { what, missing_if_empty: true }
    }
}

/// There is a value.
pub fn exists(what: Operand) -> Condition {
    match what.load.scope() {
        // Every process has a name, even where it cannot be told.
        Scope::Event if !matches!(what.load, Load::Marks | Load::AncestorName) => Condition::Always,
        _ => Condition::test(what, Is::There),
    }
}

/// Something between two conditions, of which the second holds whenever the first does.
pub fn between(least: Condition, most: Condition) -> Condition {
    Condition::any([least, Condition::all([most, Condition::Unknown])])
}

/// It may hold where this does, and nowhere else.
pub fn at_most(most: Condition) -> Condition {
    Condition::all([most, Condition::Unknown])
}
