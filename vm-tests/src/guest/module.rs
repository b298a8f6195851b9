//! Loading and unloading the module.

use super::failure::{Doing, Outcome};
use super::source;
use crate::protocol::Source;
use nix::errno::Errno;
use nix::kmod::{DeleteModuleFlags, ModuleInitFlags, delete_module, finit_module};
use std::ffi::CString;
use std::fs::File;
use std::time::{Duration, Instant};

/// The module's file.
pub const PATH: &str = "/lib/modules/kestrel.ko";

/// Loads the module with parameters such as `ring_kib=128`; where events come from elsewhere, does nothing.
///
/// # Errors
/// What the kernel said.
pub fn load(parameters: &str) -> Outcome {
    if source::chosen() != Source::Kmod {
        return Ok(());
    }
    insert(parameters)
}

/// Loads the module wherever events come from.
///
/// # Errors
/// What the kernel said.
pub fn insert(parameters: &str) -> Outcome {
    let file = File::open(PATH).doing(PATH)?;
    let parameters = CString::new(parameters).map_err(|_| "parameters hold a zero byte")?;
    finit_module(&file, &parameters, ModuleInitFlags::empty()).doing("cannot load the module")?;
    // The devices' nodes are made by the kernel in a task of its own.
    let end = Instant::now() + Duration::from_secs(5);
    while !std::path::Path::new("/dev/kestrel0").exists() {
        if Instant::now() > end {
            return Err("the module is loaded, and there is no /dev/kestrel0".into());
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    Ok(())
}

/// Unloads the module; where events come from elsewhere, does nothing.
///
/// # Errors
/// What the kernel said.
pub fn unload() -> Result<(), Errno> {
    if source::chosen() != Source::Kmod {
        return Ok(());
    }
    remove()
}

/// Unloads the module wherever events come from.
///
/// # Errors
/// What the kernel said.
pub fn remove() -> Result<(), Errno> {
    delete_module(c"kestrel", DeleteModuleFlags::O_NONBLOCK)
}

/// True if it is loaded.
pub fn is_loaded() -> bool {
    std::fs::read_to_string("/proc/modules")
        .is_ok_and(|modules| modules.lines().any(|line| line.starts_with("kestrel ")))
}
