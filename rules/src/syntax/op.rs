//! Operators, modifiers and transformers, and how they are spelled.

macro_rules! spelled {
    ($(#[$doc:meta])* $type:ident { $($variant:ident $name:literal $description:literal;)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $type {
            $(#[doc = $description] $variant,)*
        }

        impl $type {
            /// All of them.
            pub const ALL: &[$type] = &[$($type::$variant),*];

            /// Its spelling.
            pub const fn name(self) -> &'static str {
                match self {
                    $($type::$variant => $name,)*
                }
            }
        }
    };
}

spelled! {
    /// An operator. One whose spelling begins like another's stands before it.
    Op {
        Ne "!=" "Is not equal.";
        Le "<=" "Is less or equal.";
        Lt "<" "Is less.";
        Ge ">=" "Is greater or equal.";
        Gt ">" "Is greater.";
        Eq "=" "Is equal; `==` is the same.";
        In "in" "Is one of several; all of it, if it has several values.";
        Intersects "intersects" "Is one of several; any of it, if it has several values.";
        PMatch "pmatch" "Is one of several paths, or lies below one.";
        Contains "contains" "Contains.";
        IContains "icontains" "Contains, whatever the case.";
        BContains "bcontains" "Contains bytes that are given in hexadecimal.";
        StartsWith "startswith" "Begins with.";
        BStartsWith "bstartswith" "Begins with bytes that are given in hexadecimal.";
        EndsWith "endswith" "Ends with.";
        Glob "glob" "Matches a pattern.";
        IGlob "iglob" "Matches a pattern, whatever the case.";
        Regex "regex" "Matches a regular expression, as a whole.";
        Exists "exists" "Is known.";
    }
}

impl Op {
    /// True if it takes a list in parentheses.
    pub const fn takes_list(self) -> bool {
        matches!(self, Op::In | Op::Intersects | Op::PMatch)
    }

    /// True if it takes a number only, unless the value is computed.
    pub const fn takes_number(self) -> bool {
        matches!(self, Op::Lt | Op::Le | Op::Gt | Op::Ge)
    }

    /// True if a modifier may follow.
    pub const fn takes_modifier(self) -> bool {
        !self.takes_list() && !self.takes_number() && !matches!(self, Op::Exists)
    }
}

spelled! {
    /// With how many of the values an operator must hold.
    Modifier {
        One "oneof" "With exactly one.";
        Any "anyof" "With one or more.";
        All "allof" "With each.";
    }
}

spelled! {
    /// Makes a value of others.
    Transformer {
        ToLower "tolower" "Text in lower case (ASCII).";
        ToUpper "toupper" "Text in upper case (ASCII).";
        B64 "b64" "What Base64 stands for.";
        Basename "basename" "What stands behind the last slash.";
        Len "len" "Number of bytes, or of values.";
        Join "join" "Several values with a text between them.";
        Concat "concat" "Texts, one behind the other.";
        GetOpt "getopt" "Options of a command line, as getopt(3) finds them.";
    }
}
