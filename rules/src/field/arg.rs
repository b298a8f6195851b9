//! Arguments of fields.

/// Whether a field takes an argument, as in `proc.aname[2]`, and what it can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ArgRule {
    /// None.
    None,
    /// A number, or none.
    OptionalIndex,
    /// A name, or none.
    OptionalName,
    /// A name, a number, or none.
    OptionalNameOrIndex,
    /// `src`, `dst`, or none.
    OptionalEnd,
    /// A name. It may hold anything but brackets: `json.value[/a/b]`, `proc.env[PATH]`.
    Name,
    /// A name or a number. A name may hold anything but brackets: `container.mount.dest[/etc]`.
    NameOrIndex,
}

impl ArgRule {
    /// True if the field is wrong without an argument.
    pub const fn is_required(self) -> bool {
        matches!(self, ArgRule::Name | ArgRule::NameOrIndex)
    }

    /// True if the argument may be a number that counts something.
    pub const fn takes_index(self) -> bool {
        matches!(self, ArgRule::OptionalIndex | ArgRule::OptionalNameOrIndex | ArgRule::NameOrIndex)
    }

    /// True if the argument may be a name.
    pub const fn takes_name(self) -> bool {
        matches!(
            self,
            ArgRule::OptionalName
                | ArgRule::OptionalNameOrIndex
                | ArgRule::OptionalEnd
                | ArgRule::Name
                | ArgRule::NameOrIndex
        )
    }

    /// What stands in brackets behind the field's name in lists of fields; empty if it takes no argument.
    pub const fn placeholder(self) -> &'static str {
        match self {
            ArgRule::None => "",
            ArgRule::OptionalIndex => "index",
            ArgRule::OptionalName | ArgRule::Name => "name",
            ArgRule::OptionalNameOrIndex | ArgRule::NameOrIndex => "name or index",
            ArgRule::OptionalEnd => "src or dst",
        }
    }
}
