//! Conditions as trees.
//!
//! | file | is about |
//! |---|---|
//! | `ast.rs` | the tree |
//! | `op.rs` | operators, modifiers, transformers |
//! | `parser.rs` | from text to tree |
//! | `literal.rs` | values and their quotes |
//! | `print.rs` | from tree to text |
//!
//! The grammar is Falco's (libsinsp's filter language): `or` binds less than `and`, `and` less than `not`. What a word
//! means depends on where it stands, so the parser reads characters, not tokens. Printing a tree and parsing it again
//! gives the same tree.

mod ast;
mod literal;
mod op;
mod parser;
mod print;

pub use ast::{Call, Check, Expr, FieldName, Literal, Operand, Right, Span, Word};
pub use literal::{elements, is_bare};
pub use op::{Modifier, Op, Transformer};
pub use parser::{SyntaxError, parse, parse_operand};
