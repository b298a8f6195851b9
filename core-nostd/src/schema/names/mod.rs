//! Names of flag bits and of enumeration values, as the kernel's headers and Falco name them.

mod file;
mod ipc;
mod memory;
mod mount;
mod process;
mod security;
mod socket;
mod time;

pub use file::*;
pub use ipc::*;
pub use memory::*;
pub use mount::*;
pub use process::*;
pub use security::*;
pub use socket::*;
pub use time::*;
