//! Why the module cannot be used.

use crate::sources::holder::{Holder, who};
use kestrel_core::abi::{ABI_MAJOR, ABI_MINOR, Welcome};
use kestrel_core::filter::Refused;
use kestrel_core::schema::FINGERPRINT;

/// Why the module cannot be used; each says what to do.
#[derive(Debug, thiserror::Error)]
pub enum DeviceError {
    /// There is no device.
    #[error(
        "{path}: no such device: the kernel module is not loaded. Load it with `modprobe kestrel`; `make install` installs it"
    )]
    Missing {
        /// The device's path.
        path: String,
    },
    /// The first CPU has a device, another one has none.
    #[error(
        "{path}: no such device, though the module is loaded: something removed it. Load the module again: \
         `rmmod kestrel && modprobe kestrel`"
    )]
    Incomplete {
        /// The device's path.
        path: String,
    },
    /// The caller may not open it.
    #[error(
        "{path}: permission denied: only root may read what the kernel records. Start kestrel as root (with CAP_SYS_ADMIN)"
    )]
    Denied {
        /// The device's path.
        path: String,
    },
    /// Somebody else has it.
    #[error("{path}: in use by {}: there can be one reader at a time. Stop that one first", who(holder.as_ref()))]
    Busy {
        /// The device's path.
        path: String,
        /// Who has it, if that can be seen.
        holder: Option<Holder>,
    },
    /// Module and daemon do not fit.
    #[error(
        "module and daemon do not fit: the loaded module speaks ABI {}.{} with schema {:016x}, this daemon ABI \
         {ABI_MAJOR}.{ABI_MINOR} with schema {FINGERPRINT:016x}. Install both from one release and load the module again: \
         `rmmod kestrel && modprobe kestrel`",
        theirs.abi_major, theirs.abi_minor, theirs.schema
    )]
    Mismatch {
        /// What the module says of itself.
        theirs: Welcome,
    },
    /// The module answers in a way that this daemon does not understand.
    #[error(
        "module and daemon do not fit: the loaded module's answer makes no sense to this daemon (ABI {ABI_MAJOR}.{ABI_MINOR}). \
         Install both from one release and load the module again: `rmmod kestrel && modprobe kestrel`"
    )]
    Nonsense,
    /// The module refuses a program.
    #[error(
        "{path}: the module refuses the program that events are judged by: {refused}. Install module and daemon from one release, \
         or set prefilter.enabled to false"
    )]
    Program {
        /// The device's path.
        path: String,
        /// What is wrong with it.
        refused: Refused,
    },
    /// The file is something else.
    #[error("{path}: this is no device of the kernel module. Remove it, and load the module with `modprobe kestrel`")]
    Foreign {
        /// The device's path.
        path: String,
    },
    /// The system refused.
    #[error("{path}: {what}: {error}")]
    System {
        /// The device's path.
        path: String,
        /// What was tried.
        what: &'static str,
        /// Why not.
        error: std::io::Error,
    },
    /// A ring cannot be mapped.
    #[error("{path}: {error}")]
    Map {
        /// The device's path.
        path: String,
        /// Why not.
        error: kestrel_ringbuf::MapError,
    },
}
