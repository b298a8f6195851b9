//! `--version`, `--version-json`.

use super::{Failure, print};
use crate::versions;
use kestrel_core::abi::{ABI_MAJOR, ABI_MINOR};
use kestrel_core::schema::FINGERPRINT;

/// For people.
///
/// # Errors
/// [`Failure::Stdout`].
pub fn text() -> Result<(), Failure> {
    print(format_args!(
        "kestrel {}\nkernel module: ABI {ABI_MAJOR}.{ABI_MINOR}, schema {FINGERPRINT:016x}",
        versions::KESTREL
    ))
}

/// For programs.
///
/// # Errors
/// [`Failure::Stdout`].
pub fn json() -> Result<(), Failure> {
    print(format_args!("{}", versions::json()))
}
