//! From conditions to the program: names are looked up, types checked, lists and macros put in.
//!
//! | file | is about |
//! |---|---|
//! | `names.rs` | fields by their names |
//! | `types.rs` | which operator goes with which type |
//! | `operand.rs` | fields and transformers |
//! | `values.rs` | values and lists |
//! | `predicate.rs` | operators with values |
//! | `suspicious.rs` | what is probably not meant |
//! | `events.rs` | which events a condition can hold for |
//! | `compile.rs` | conditions and macros |
//! | `macro_names.rs` | names of macros that lead nowhere |
//! | `outline.rs` | conditions beside what they were compiled to |

mod compile;
mod events;
mod macro_names;
mod names;
mod operand;
mod outline;
mod predicate;
mod suspicious;
mod types;
mod values;

pub use compile::{Checker, MacroDef, Subject, parse};
pub use names::{FieldProblem, resolve};
pub use operand::{Operands, Use};
pub use outline::{Form, Outline};
pub use values::{List, ListItem};

use crate::code::Code;
use crate::diagnostic::{Diagnostic, Place};

/// Problems of one condition or output that are looked for; with so many nobody reads on.
pub const MAX_PROBLEMS: usize = 50;

/// Something wrong with a condition.
#[derive(Clone, Debug)]
pub struct Problem {
    pub diagnostic: Diagnostic,
    /// It is about a field or an event that is not known here: some rules are skipped then.
    pub unknown: bool,
}

impl Problem {
    fn error(place: Place, message: impl Into<String>, label: impl Into<String>) -> Problem {
        Problem { diagnostic: Diagnostic::new(Code::ConditionError, place, message, label), unknown: false }
    }

    fn warning(code: Code, place: Place, message: impl Into<String>, label: impl Into<String>) -> Problem {
        Problem { diagnostic: Diagnostic::new(code, place, message, label), unknown: false }
    }

    fn coded(mut self, code: Code) -> Problem {
        self.diagnostic.code = code;
        self
    }

    fn help(mut self, help: Option<String>) -> Problem {
        self.diagnostic.help = help;
        self
    }
}
