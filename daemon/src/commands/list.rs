//! What there is: fields, events, versions.

use super::{Failure, print};
use kestrel_core::abi::{ABI_MAJOR, ABI_MINOR};
use kestrel_core::schema::{EVENTS, FINGERPRINT};
use kestrel_rules::{ArgRule, FIELDS};

/// `--list`: one field a line.
pub fn fields(names: bool) -> Result<(), Failure> {
    for def in FIELDS {
        if names {
            print(format_args!("{}", def.name))?;
            continue;
        }
        let arg = match def.arg {
            ArgRule::None => String::new(),
            arg => format!("[<{}>]", arg.placeholder()),
        };
        print(format_args!("{:<38} {:<8} {}", format!("{}{arg}", def.name), def.ty.name(), def.description))?;
    }
    Ok(())
}

/// `--list-events`: one event a line.
pub fn events() -> Result<(), Failure> {
    for event in EVENTS {
        let params: Vec<&str> = event.params.iter().map(|param| param.name).collect();
        print(format_args!("{:<20} {:<8} {}", event.name, event.category.name(), params.join(", ")))?;
    }
    Ok(())
}

/// `--version`.
pub fn version() -> Result<(), Failure> {
    print(format_args!(
        "kestrel {}\nkernel module: ABI {ABI_MAJOR}.{ABI_MINOR}, schema {FINGERPRINT:016x}",
        env!("CARGO_PKG_VERSION")
    ))
}
