//! Types of fields' values.

/// Type of a field's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FieldType {
    /// Text; need not be UTF-8.
    String,
    /// Signed number.
    Int,
    /// Unsigned number.
    Uint,
    /// Number with a fraction.
    Double,
    /// True or false.
    Bool,
    /// Nanoseconds, a span.
    RelTime,
    /// Nanoseconds since the epoch.
    AbsTime,
    /// Port of TCP or UDP.
    Port,
    /// IP address.
    Ip,
    /// IP address that is compared with networks.
    Net,
    /// Bytes that need not be text.
    Bytes,
    /// Whatever the type of the parameter is that the argument names.
    Dynamic,
}

impl FieldType {
    /// Every type.
    pub const ALL: [FieldType; 12] = [
        FieldType::String,
        FieldType::Int,
        FieldType::Uint,
        FieldType::Double,
        FieldType::Bool,
        FieldType::RelTime,
        FieldType::AbsTime,
        FieldType::Port,
        FieldType::Ip,
        FieldType::Net,
        FieldType::Bytes,
        FieldType::Dynamic,
    ];

    /// Its name in lists of fields.
    pub const fn name(self) -> &'static str {
        match self {
            FieldType::String => "string",
            FieldType::Int => "int",
            FieldType::Uint => "uint",
            FieldType::Double => "double",
            FieldType::Bool => "bool",
            FieldType::RelTime => "reltime",
            FieldType::AbsTime => "abstime",
            FieldType::Port => "port",
            FieldType::Ip => "ipaddr",
            FieldType::Net => "ipnet",
            FieldType::Bytes => "bytes",
            FieldType::Dynamic => "dynamic",
        }
    }

    /// What it is, for people.
    pub const fn description(self) -> &'static str {
        match self {
            FieldType::String => "Text.",
            FieldType::Int => "A whole number.",
            FieldType::Uint => "A whole number that is never negative.",
            FieldType::Double => "A number with a fraction.",
            FieldType::Bool => "`true` or `false`.",
            FieldType::RelTime => "A span of time, in nanoseconds if the field says nothing else.",
            FieldType::AbsTime => "A point in time, in nanoseconds since 1970 (UTC) if the field says nothing else.",
            FieldType::Port => "A TCP or UDP port.",
            FieldType::Ip => "An IPv4 or IPv6 address.",
            FieldType::Net => "An IPv4 or IPv6 address, to be compared with networks such as `10.0.0.0/8`.",
            FieldType::Bytes => "Bytes that need not be text.",
            FieldType::Dynamic => "The type of the parameter that the argument names.",
        }
    }

    /// True if values are compared as numbers.
    pub const fn is_number(self) -> bool {
        matches!(
            self,
            FieldType::Int
                | FieldType::Uint
                | FieldType::Double
                | FieldType::RelTime
                | FieldType::AbsTime
                | FieldType::Port
        )
    }
}
