//! What the guest observed, compared with what is kept in `vm-tests/snapshots`.
//!
//! `INSTA_UPDATE=always` writes what was observed; review it before it is committed. The same snapshot holds for every kernel.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// Compares lines with the snapshot of this name.
///
/// # Errors
/// What to do about a difference; the difference itself is shown on standard error.
pub fn compare(name: &str, lines: &[String]) -> Result<(), String> {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(concat!(env!("CARGO_MANIFEST_DIR"), "/snapshots"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let text = lines.join("\n");
    let compared = catch_unwind(AssertUnwindSafe(|| settings.bind(|| insta::assert_snapshot!(name, text))));
    compared.map_err(|_| {
        format!("what was recorded is not what vm-tests/snapshots/{name}.snap says; INSTA_UPDATE=always writes it anew")
    })
}
