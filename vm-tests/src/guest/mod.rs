//! The guest's side: the machine's init, and what scenarios are made with.
//!
//! One program is everything: as process 1 it is the init; under any other name it is whatever a scenario needs a program of
//! that name to do ([`acts`]).

pub mod acts;
pub mod alerts;
pub mod calls;
pub mod consumer;
pub mod containers;
pub mod count;
pub mod daemon;
pub mod demo;
pub mod engines;
pub mod evasion;
pub mod failure;
pub mod init;
pub mod load;
pub mod module;
pub mod names;
pub mod pinned;
pub mod port;
pub mod powers;
pub mod processes;
pub mod programs;
pub mod raw;
pub mod sentinel;
pub mod soak;
pub mod source;
pub mod stage;
pub mod summary;
pub mod uring;
pub mod work;

use std::process::ExitCode;

/// The program.
pub fn main() -> ExitCode {
    if std::process::id() == 1 {
        return init::main();
    }
    acts::main()
}
