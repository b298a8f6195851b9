//! Kinds of errors and warnings. Their names are Falco's, so that tools that read them go on reading them.

use crate::diagnostic::Severity;

macro_rules! codes {
    ($($variant:ident $name:literal $severity:ident $description:literal;)*) => {
        /// What kind of thing is wrong.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Code {
            $(#[doc = concat!("`", $name, "`: ", $description, ".")] $variant,)*
        }

        impl Code {
            /// Every code.
            pub const ALL: &[Code] = &[$(Code::$variant),*];

            /// Its name.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Code::$variant => $name,)*
                }
            }

            /// What it means, in a few words.
            pub const fn description(self) -> &'static str {
                match self {
                    $(Code::$variant => $description,)*
                }
            }

            /// How bad it is.
            pub const fn severity(self) -> Severity {
                match self {
                    $(Code::$variant => Severity::$severity,)*
                }
            }
        }
    };
}

codes! {
    FileRead "LOAD_ERR_FILE_READ" Error "The file cannot be read";
    YamlParse "LOAD_ERR_YAML_PARSE" Error "The file is not YAML";
    YamlValidate "LOAD_ERR_YAML_VALIDATE" Error "The YAML does not have the form of rules";
    ConditionError "LOAD_ERR_COMPILE_CONDITION" Error "The condition is wrong";
    OutputError "LOAD_ERR_COMPILE_OUTPUT" Error "The output is wrong";
    Validate "LOAD_ERR_VALIDATE" Error "The rules do not fit together";
    Extension "LOAD_ERR_EXTENSION" Error "An extension refuses the rules";
    UnknownSource "LOAD_UNKNOWN_SOURCE" Warning "There is no such source of events";
    UnsafeNaCheck "LOAD_UNSAFE_NA_CHECK" Warning "A value is compared with the text that stands for a missing one";
    NoEvtType "LOAD_NO_EVTTYPE" Warning "The condition asks for no type of event";
    UnknownFilter "LOAD_UNKNOWN_FILTER" Warning "A field is unknown, and the rule is skipped";
    UnusedMacro "LOAD_UNUSED_MACRO" Warning "Nothing uses the macro";
    UnusedList "LOAD_UNUSED_LIST" Warning "Nothing uses the list";
    UnknownItem "LOAD_UNKNOWN_ITEM" Warning "The item is of no known kind";
    DeprecatedItem "LOAD_DEPRECATED_ITEM" Warning "The item uses something that will go away";
    ExtensionWarning "LOAD_WARNING_EXTENSION" Warning "An extension warns of the rules";
    AppendNoValues "LOAD_APPEND_NO_VALUES" Warning "Exceptions are appended without values";
    ExceptionNameNotUnique "LOAD_EXCEPTION_NAME_NOT_UNIQUE" Warning "A rule has two exceptions of one name";
    InvalidMacroName "LOAD_INVALID_MACRO_NAME" Warning "No condition can name the macro";
    InvalidListName "LOAD_INVALID_LIST_NAME" Warning "No condition can name the list";
    ConditionWarning "LOAD_COMPILE_CONDITION" Warning "The condition probably means something else";
    UnknownKey "LOAD_UNKNOWN_KEY" Warning "The item has no such key";
}
