//! From conditions to the bytes of a program. For user space: it allocates.
//!
//! ```
//! use kestrel_core::filter::{Load, Program, build::{Builder, Condition, Is, Operand}};
//! use kestrel_core::schema::id;
//!
//! // openat is wanted if it did not fail and what was opened is one of two files.
//! let wanted = Condition::all([
//!     Condition::not(Condition::test(Operand::event(Load::Flags), Is::AnyBits(1))),
//!     Condition::test(Operand::param(Load::FdPath, 0), Is::TextAmong(vec![b"/etc/shadow".to_vec(), b"/etc/passwd".to_vec()])),
//! ]);
//! let mut builder = Builder::new();
//! builder.section(id::OPENAT, &wanted).unwrap();
//! let bytes = builder.finish().unwrap();
//! assert_eq!(Program::verify(bytes.as_bytes()).unwrap().section(id::OPENAT).unwrap().len(), 2);
//! ```

mod builder;
mod condition;
mod encode;
mod section;

pub use builder::{BuildError, Builder, Bytes};
pub use condition::{Condition, Is, Operand};
