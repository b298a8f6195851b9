//! The tests that a node can make.

use super::{Class, TableKind};

/// Makes the enumeration and the way back from numbers.
macro_rules! tests {
    ($( $(#[doc = $doc:literal])+ $name:ident = $number:literal, $class:expr, $operand:expr; )*) => {
        /// A test: what is compared, and how the operand says with what.
        ///
        /// An absent value satisfies no test. An unknown one is decided by none: the event is kept.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum Test {
            $( $(#[doc = $doc])+ $name = $number, )*
        }

        impl Test {
            /// The test of this number; `None` if there is none.
            #[inline]
            pub const fn from_u8(number: u8) -> Option<Test> {
                const TESTS: [Option<Test>; 33] = {
                    let mut tests = [None; 33];
                    $( tests[$number] = Some(Test::$name); )*
                    tests
                };
                if (number as usize) < TESTS.len() { TESTS[number as usize] } else { None }
            }

            /// The kind of value that it is made on; `None` if on any.
            pub const fn class(self) -> Option<Class> {
                match self {
                    $( Test::$name => $class, )*
                }
            }

            /// What its operand is.
            pub(super) const fn operand(self) -> Operand {
                match self {
                    $( Test::$name => $operand, )*
                }
            }

            /// Its name, as programs are printed.
            pub const fn name(self) -> &'static str {
                match self {
                    $( Test::$name => stringify!($name), )*
                }
            }
        }
    };
}

/// What the operand of a test is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operand {
    /// Zero.
    Nothing,
    /// Any number.
    Number,
    /// A text in the data: its offset, and in the upper half its length; at most so long.
    Text(usize),
    /// A pattern in the data, likewise.
    Pattern,
    /// The number of a table of this kind.
    Table(TableKind),
    /// The numbers of a table of IPv4 ranges and, in the upper half, of one of IPv6 ranges; `u32::MAX` for none.
    Networks,
}

tests! {
    /// There is a value. No operand.
    Exists = 0, None, Operand::Nothing;

    /// The number is the operand.
    Equal = 1, Some(Class::Number), Operand::Number;
    /// It is less, both unsigned.
    Below = 2, Some(Class::Number), Operand::Number;
    /// It is less or equal, both unsigned.
    AtMost = 3, Some(Class::Number), Operand::Number;
    /// It is less, both signed.
    BelowSigned = 4, Some(Class::Number), Operand::Number;
    /// It is less or equal, both signed.
    AtMostSigned = 5, Some(Class::Number), Operand::Number;
    /// It has every bit of the operand.
    AllBits = 6, Some(Class::Number), Operand::Number;
    /// It has some bit of the operand.
    AnyBits = 7, Some(Class::Number), Operand::Number;
    /// Its bits under a mask of 32 bits, the operand's upper half, are the lower half.
    Masked = 8, Some(Class::Number), Operand::Number;
    /// It is in a table of [`TableKind::Numbers`].
    Among = 9, Some(Class::Number), Operand::Table(TableKind::Numbers);

    /// The text is the one in the data.
    TextEqual = 16, Some(Class::Text), Operand::Text(super::MAX_TEXT);
    /// It begins with it.
    Prefix = 17, Some(Class::Text), Operand::Text(super::MAX_TEXT);
    /// It ends with it.
    Suffix = 18, Some(Class::Text), Operand::Text(super::MAX_TEXT);
    /// It contains it.
    Contains = 19, Some(Class::Text), Operand::Text(super::MAX_PATTERN);
    /// It matches a pattern as a whole: `*` stands for any bytes, `?` for any one, a backslash takes the meaning of the next
    /// byte away; everything else, brackets too, is itself.
    Glob = 20, Some(Class::Text), Operand::Pattern;
    /// It is in a table of [`TableKind::Texts`].
    TextAmong = 21, Some(Class::Text), Operand::Table(TableKind::Texts);
    /// It begins with an entry of a table of [`TableKind::Prefixes`].
    PrefixAmong = 22, Some(Class::Text), Operand::Table(TableKind::Prefixes);
    /// It is an entry of a table of [`TableKind::PathPrefixes`], or begins with one and a slash.
    PathPrefixAmong = 23, Some(Class::Text), Operand::Table(TableKind::PathPrefixes);

    /// The address lies in one of the ranges. An IPv6 address that holds an IPv4 one (`::ffff:0:0/96`) is looked for in both.
    InNetworks = 32, Some(Class::Address), Operand::Networks;
}
