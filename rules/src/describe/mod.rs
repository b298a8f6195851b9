//! Descriptions of rule files, in the shapes that Falco's `-V`, `-L` and `-l` have.
//!
//! | file | is about |
//! |---|---|
//! | `verdict.rs` | whether files are valid, and why not |
//! | `rules.rs` | what rules, macros and lists there are |
//! | `expanded.rs` | conditions with everything put in, and what they are made of |

mod expanded;
mod rules;
mod verdict;

pub use rules::describe;
pub use verdict::{Verdict, as_json, validate};
