//! Any bytes as the pages of containerd's and Podman's databases, after two first pages that are right: whatever is looked up in
//! them comes to an end, and what is kept is bounded. The `container` target has whole files, whose checksums hardly ever agree.
//!
//! The first byte says in which page the tree begins, and how large pages are; the rest is the pages from the third on.
#![no_main]

use kestrel::container::{Runtime, parse};
use libfuzzer_sys::fuzz_target;

/// The id that is asked about.
const ID: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

/// The checksum of the first two pages.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |sum, byte| (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

/// One of the first two pages (bbolt: `internal/common/meta.go`).
fn first_page(id: u64, page_size: usize, root: u64) -> Vec<u8> {
    let mut page = id.to_ne_bytes().to_vec();
    page.extend([4_u16, 0].into_iter().flat_map(u16::to_ne_bytes));
    page.extend(0_u32.to_ne_bytes());
    let mut content: Vec<u8> =
        [0xed0c_daed_u32, 2, page_size as u32, 0].into_iter().flat_map(u32::to_ne_bytes).collect();
    content.extend([root, 0, 2, 9, id + 1].into_iter().flat_map(u64::to_ne_bytes));
    content.extend(fnv1a(&content).to_ne_bytes());
    page.extend(content);
    page.resize(page_size, 0);
    page
}

fuzz_target!(|bytes: &[u8]| {
    let Some((&first, pages)) = bytes.split_first() else { return };
    let page_size = if first & 0x80 == 0 { 1024 } else { 4096 };
    let root = 2 + u64::from(first & 0x7f);
    let mut database = first_page(0, page_size, root);
    database.extend(first_page(1, page_size, root));
    database.extend_from_slice(pages);
    // A file's last page is whole.
    database.resize(database.len().next_multiple_of(page_size), 0);
    let details = parse(Runtime::Containerd, ID, &database);
    assert!(details.is_none_or(|details| details.labels.len() <= 256));
});
