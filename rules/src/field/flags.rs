//! What else holds for a field.

/// What else holds for a field: a set of marks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct FieldFlags(u8);

impl FieldFlags {
    /// None.
    pub const NONE: FieldFlags = FieldFlags(0);
    /// It has several values at once.
    pub const LIST: FieldFlags = FieldFlags(1);
    /// It is for conditions only, not for outputs.
    pub const FILTER_ONLY: FieldFlags = FieldFlags(1 << 1);
    /// It is for outputs only, not for conditions.
    pub const PRINT_ONLY: FieldFlags = FieldFlags(1 << 2);
    /// It was made for tables of figures; there is little sense in it in a rule.
    pub const TABLE: FieldFlags = FieldFlags(1 << 3);
    /// It cannot stand in `val()` or in a transformer, and nothing can be compared with its value.
    pub const NO_VALUE: FieldFlags = FieldFlags(1 << 4);
    /// It should not be used any more.
    pub const DEPRECATED: FieldFlags = FieldFlags(1 << 5);
    /// It is among those that `append_output` with `suggested_output` puts behind every output.
    pub const SUGGESTED: FieldFlags = FieldFlags(1 << 6);

    /// Every mark, with its name in lists of fields.
    pub const NAMES: [(FieldFlags, &'static str); 7] = [
        (FieldFlags::LIST, "list"),
        (FieldFlags::FILTER_ONLY, "filter only"),
        (FieldFlags::PRINT_ONLY, "print only"),
        (FieldFlags::TABLE, "table"),
        (FieldFlags::NO_VALUE, "no value"),
        (FieldFlags::DEPRECATED, "deprecated"),
        (FieldFlags::SUGGESTED, "suggested"),
    ];

    /// Both sets together.
    #[must_use]
    pub const fn union(self, other: FieldFlags) -> FieldFlags {
        FieldFlags(self.0 | other.0)
    }

    /// True if every mark of the other set is in this one.
    pub const fn contains(self, other: FieldFlags) -> bool {
        self.0 & other.0 == other.0
    }

    /// The names of the marks that are set.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        FieldFlags::NAMES.into_iter().filter(move |(flag, _)| self.contains(*flag)).map(|(_, name)| name)
    }
}
