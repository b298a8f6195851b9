//! What is known about one event, asked for field by field.

use crate::field::Field;
use std::fmt;
use std::net::IpAddr;

/// Argument of a field, as in `proc.aname[2]` or `proc.env[HOME]`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FieldArg {
    /// A number.
    Index(u32),
    /// A name.
    Name(Box<str>),
}

/// A field with its argument.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FieldRef {
    /// The field.
    pub field: Field,
    /// Its argument, if it has one.
    pub arg: Option<FieldArg>,
}

impl FieldRef {
    /// A field without an argument.
    pub const fn plain(field: Field) -> FieldRef {
        FieldRef { field, arg: None }
    }
}

impl fmt::Display for FieldRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.field.def().name)?;
        match &self.arg {
            None => Ok(()),
            Some(FieldArg::Index(n)) => write!(f, "[{n}]"),
            // `evt.arg.flags` and `evt.arg[flags]` are the same; the former is the usual form.
            Some(FieldArg::Name(name)) if matches!(self.field, Field::EvtArg | Field::EvtRawarg) => {
                write!(f, ".{name}")
            }
            Some(FieldArg::Name(name)) if name.contains([' ', '\t', '\n', '\r', '[', ']', '"', '\'']) => {
                write!(f, "[\"{}\"]", name.replace('\\', "\\\\").replace('"', "\\\""))
            }
            Some(FieldArg::Name(name)) => write!(f, "[{name}]"),
        }
    }
}

/// Value of a field.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    /// Not known, or the event has no such thing.
    Missing,
    /// True or false.
    Bool(bool),
    /// Signed number.
    Int(i64),
    /// Unsigned number.
    Uint(u64),
    /// Number with a fraction.
    Double(f64),
    /// Text or bytes; need not be UTF-8.
    Str(&'a [u8]),
    /// IP address.
    Ip(IpAddr),
    /// Several values of which any may be the one that is meant: both ends of a socket, all ancestors. One that satisfies
    /// a comparison is enough; `!=` says that all known ones differ.
    Any(&'a [Value<'a>]),
    /// All the values of a field that has several at once ([`FieldFlags::LIST`](crate::FieldFlags::LIST)), none of them
    /// missing. `in` says that each is in the set, `intersects` that one is.
    List(&'a [Value<'a>]),
}

/// What is known about one event. Whoever implements it keeps whatever memory composed values need.
pub trait Facts {
    /// The value of a field.
    fn value(&self, field: &FieldRef) -> Value<'_>;
}
