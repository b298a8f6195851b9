//! A panic path on purpose, so that a test can see the gate refuse it. In no build but that test's.
#![allow(unsafe_code, reason = "the gate looks at what an exported function can reach")]

/// Panics if `index` is beyond the table, as any unchecked index would.
// SAFETY: no other symbol has this name.
#[unsafe(no_mangle)]
pub extern "C" fn kestrel_rs_panic_path(index: usize) -> u64 {
    const TABLE: [u64; 3] = [2, 3, 5];
    #[allow(clippy::indexing_slicing, reason = "the very thing to be refused")]
    TABLE[index]
}
