//! What the guest observed, compared with what is kept in `vm-tests/snapshots`.
//!
//! `INSTA_UPDATE=always` writes what was observed; review it before it is committed. The same snapshot holds for every kernel,
//! and on every architecture but for what [`other`] says.

use super::arch::Arch;
use super::other;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

/// Where snapshots are kept.
const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/snapshots");

/// Compares lines with the snapshot of this name.
///
/// # Errors
/// What to do about a difference; the difference itself is shown on standard error.
pub fn compare(arch: Arch, name: &str, lines: &[String]) -> Result<(), String> {
    if arch != Arch::X86_64 {
        return compare_with_other(name, lines);
    }
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(FOLDER);
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let text = lines.join("\n");
    let compared = catch_unwind(AssertUnwindSafe(|| settings.bind(|| insta::assert_snapshot!(name, text))));
    compared.map_err(|_| {
        format!("what was recorded is not what vm-tests/snapshots/{name}.snap says; INSTA_UPDATE=always writes it anew")
    })
}

/// Compares them with the snapshot that was made on x86.
fn compare_with_other(name: &str, lines: &[String]) -> Result<(), String> {
    let path = Path::new(FOLDER).join(format!("{name}.snap"));
    let text = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let kept: Vec<String> = text.lines().filter(|line| line.starts_with('{')).map(str::to_owned).collect();
    let differences = other::differences(&kept, lines)?;
    for line in &differences {
        eprintln!("{line}");
    }
    if differences.is_empty() {
        return Ok(());
    }
    Err(format!(
        "what was recorded is not what vm-tests/snapshots/{name}.snap says of calls that arm64 has too; where the architectures \
         differ, vm-tests/src/host/other.rs says so"
    ))
}
