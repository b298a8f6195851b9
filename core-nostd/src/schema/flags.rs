//! What a table of names is.

/// Names of the bits or values of a parameter.
#[derive(Debug)]
pub struct FlagNames {
    /// Each name with the bits it looks at and the value these must have.
    pub entries: &'static [FlagName],
}

/// One name.
#[derive(Clone, Copy, Debug)]
pub struct FlagName {
    /// The name.
    pub name: &'static str,
    /// Value of the bits under the mask.
    pub value: u64,
    /// Bits that are looked at; all bits for a value of an enumeration.
    pub mask: u64,
}

impl FlagNames {
    /// The names that hold for `value`, in the table's order.
    pub fn of(&self, value: u64) -> impl Iterator<Item = &'static str> + use<> {
        self.entries.iter().filter(move |entry| value & entry.mask == entry.value).map(|entry| entry.name)
    }

    /// The value of a name.
    pub fn value(&self, name: &str) -> Option<u64> {
        self.entries.iter().find(|entry| entry.name == name).map(|entry| entry.value)
    }
}

/// Makes a table of bits.
macro_rules! bits {
    ($($name:ident = $value:expr),* $(,)?) => {
        FlagNames { entries: &[$(FlagName { name: stringify!($name), value: $value, mask: $value }),*] }
    };
}

/// Makes a table of an enumeration's values.
macro_rules! values {
    ($($name:ident = $value:expr),* $(,)?) => {
        FlagNames { entries: &[$(FlagName { name: stringify!($name), value: $value, mask: u64::MAX }),*] }
    };
}

pub(super) use {bits, values};

/// A name for one value of several bits.
pub(super) const fn masked(name: &'static str, value: u64, mask: u64) -> FlagName {
    FlagName { name, value, mask }
}

/// A name for bits that are all set.
pub(super) const fn bit(name: &'static str, value: u64) -> FlagName {
    FlagName { name, value, mask: value }
}
