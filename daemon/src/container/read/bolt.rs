//! Looking something up in a database of bbolt's (<https://github.com/etcd-io/bbolt>, `internal/common`), which containerd and
//! Podman keep their containers in, without a lock that would let its owner wait, or this program.
//!
//! Such a file is a tree of pages. A change writes new pages beside the old ones, and then one of the first two pages, in turns,
//! which says where the tree begins from now on. Pages that a change left are written over at the earliest by the change after
//! the next. So what was read is one state of the database if no change was made meanwhile; otherwise it is read again.
//!
//! Only the pages on the way to a key are read: a handful, however large the database is.

use crate::container::files;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

/// How often it is read anew when somebody writes meanwhile.
const TRIES: u32 = 4;

/// Bytes that a page may have with those that it runs on into.
const PAGE_BYTES: usize = 1 << 20;

/// Pages on the way to a key at most, and pages of a bucket of which everything is wanted.
const MOST_PAGES: u32 = 64;

/// Pairs that are taken of a bucket of which everything is wanted.
const MOST_PAIRS: usize = 1024;

const MAGIC: u32 = 0xed0c_daed;
const VERSION: u32 = 2;

/// Bytes of a page before its elements, of an element, and of a bucket's value before what is in it.
const HEADER: usize = 16;
const ELEMENT: usize = 16;
const BUCKET: usize = 16;

/// Kinds of pages.
const BRANCH: u16 = 1;
const LEAF: u16 = 2;

/// What a database is read from.
pub(super) trait Source {
    /// Fills the buffer from this place on; false if there is not so much.
    fn fill(&self, buffer: &mut [u8], at: u64) -> bool;
}

impl Source for File {
    fn fill(&self, buffer: &mut [u8], at: u64) -> bool {
        self.read_exact_at(buffer, at).is_ok()
    }
}

impl Source for &[u8] {
    fn fill(&self, buffer: &mut [u8], at: u64) -> bool {
        let begin = usize::try_from(at).ok();
        let bytes = begin.and_then(|begin| self.get(begin..begin.checked_add(buffer.len())?));
        bytes.is_some_and(|bytes| {
            buffer.copy_from_slice(bytes);
            true
        })
    }
}

/// Asks a database file something; `None` if it is none, or if it does not keep still.
pub(super) fn ask<T>(path: &Path, question: impl Fn(&View<'_>) -> Option<T>) -> Option<T> {
    ask_source(&files::open_regular(path)?, question)
}

/// Asks a database something, as [`ask`] does.
pub(super) fn ask_source<T>(source: &dyn Source, question: impl Fn(&View<'_>) -> Option<T>) -> Option<T> {
    for _ in 0..TRIES {
        let view = View::newest(source)?;
        let answer = question(&view);
        if View::newest(source)?.change == view.change {
            return answer;
        }
    }
    None
}

/// One state of a database.
pub(super) struct View<'a> {
    source: &'a dyn Source,
    page_size: usize,
    root: u64,
    /// The number of the change that made it.
    change: u64,
}

/// Where the pairs of a bucket are.
enum Bucket {
    /// In a tree of pages.
    Page(u64),
    /// In a page that is the bucket's value itself.
    Inline(Vec<u8>),
}

/// A page that was read: its header was checked against its length.
struct Page(Vec<u8>);

impl<'a> View<'a> {
    /// The state that the newest change made.
    fn newest(source: &'a dyn Source) -> Option<View<'a>> {
        // The second page's place depends on the size of pages, which both of them say.
        let sizes = [12, 13, 14, 15, 16].map(|bits| 1_u64 << bits);
        let first = View::meta(source, 0);
        let second = match &first {
            Some(view) => View::meta(source, view.page_size as u64),
            None => sizes.into_iter().find_map(|size| View::meta(source, size)),
        };
        first.into_iter().chain(second).max_by_key(|view| view.change)
    }

    /// What one of the first two pages says; `None` if it is not whole.
    fn meta(source: &'a dyn Source, at: u64) -> Option<View<'a>> {
        let mut bytes = [0; 64];
        if !source.fill(&mut bytes, at.checked_add(HEADER as u64)?) {
            return None;
        }
        let (checked, sum) = bytes.split_at(56);
        let page_size = number32(&bytes, 8)? as usize;
        let fits = number32(&bytes, 0)? == MAGIC
            && number32(&bytes, 4)? == VERSION
            && number64(sum, 0)? == fnv1a(checked)
            && page_size.is_power_of_two()
            && (1024..=1 << 16).contains(&page_size);
        fits.then_some(View { source, page_size, root: number64(&bytes, 16)?, change: number64(&bytes, 48)? })
    }

    /// The value of a key in the bucket at the end of this path.
    pub(super) fn value(&self, path: &[&str], key: &str) -> Option<Vec<u8>> {
        let bucket = self.bucket(path)?;
        self.find(&bucket, key.as_bytes()).filter(|(is_bucket, _)| !is_bucket).map(|(_, value)| value)
    }

    /// The value of a key, as text; empty if there is none.
    pub(super) fn text(&self, path: &[&str], key: &str) -> String {
        self.value(path, key).map_or_else(String::new, |value| String::from_utf8_lossy(&value).into_owned())
    }

    /// Every pair of texts in the bucket at the end of this path, as many as are taken.
    pub(super) fn texts(&self, path: &[&str]) -> Vec<(String, String)> {
        let mut pairs = Vec::new();
        if let Some(bucket) = self.bucket(path) {
            self.collect(&bucket, &mut pairs);
        }
        pairs
    }

    fn bucket(&self, path: &[&str]) -> Option<Bucket> {
        path.iter().try_fold(Bucket::Page(self.root), |bucket, name| {
            let (is_bucket, value) = self.find(&bucket, name.as_bytes())?;
            let root = number64(&value, 0)?;
            match root {
                _ if !is_bucket => None,
                0 => Some(Bucket::Inline(value.get(BUCKET..)?.to_vec())),
                root => Some(Bucket::Page(root)),
            }
        })
    }

    fn page(&self, id: u64) -> Option<Page> {
        let at = id.checked_mul(self.page_size as u64)?;
        let mut header = [0; HEADER];
        if !self.source.fill(&mut header, at) {
            return None;
        }
        let length = (number32(&header, 12)? as usize).checked_add(1)?.checked_mul(self.page_size)?;
        if length > PAGE_BYTES {
            return None;
        }
        let mut bytes = vec![0; length];
        let is_this = self.source.fill(&mut bytes, at) && number64(&bytes, 0)? == id;
        is_this.then_some(bytes).and_then(Page::new)
    }

    fn begin(&self, bucket: &Bucket) -> Option<Page> {
        match bucket {
            Bucket::Page(id) => self.page(*id),
            Bucket::Inline(bytes) => Page::new(bytes.clone()),
        }
    }

    /// The value of a key, and whether it is a bucket.
    fn find(&self, bucket: &Bucket, key: &[u8]) -> Option<(bool, Vec<u8>)> {
        let mut page = self.begin(bucket)?;
        for _ in 0..MOST_PAGES {
            match page.kind() {
                LEAF => {
                    let found = (0..page.count()).find(|index| page.key(*index) == Some(key))?;
                    return Some((page.is_bucket(found), page.leaf_value(found)?.to_vec()));
                }
                // Below the last that is not greater.
                BRANCH => {
                    let below = (0..page.count()).take_while(|index| page.key(*index).is_some_and(|k| k <= key)).last();
                    page = self.page(page.child(below.unwrap_or(0))?)?;
                }
                _ => return None,
            }
        }
        None
    }

    fn collect(&self, bucket: &Bucket, pairs: &mut Vec<(String, String)>) {
        let mut next: Vec<Page> = self.begin(bucket).into_iter().collect();
        let mut left = MOST_PAGES;
        while let Some(page) = next.pop() {
            for index in 0..page.count() {
                if left == 0 || pairs.len() >= MOST_PAIRS {
                    return;
                }
                if page.kind() == BRANCH {
                    left -= 1;
                    next.extend(page.child(index).and_then(|child| self.page(child)));
                } else if page.kind() == LEAF
                    && !page.is_bucket(index)
                    && let (Some(key), Some(value)) = (page.key(index), page.leaf_value(index))
                {
                    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
                    pairs.push((text(key), text(value)));
                }
            }
        }
    }
}

impl Page {
    fn new(bytes: Vec<u8>) -> Option<Page> {
        let page = Page(bytes);
        (page.0.len() >= HEADER + page.count() * ELEMENT).then_some(page)
    }

    fn kind(&self) -> u16 {
        number16(&self.0, 8).unwrap_or(0)
    }

    fn count(&self) -> usize {
        number16(&self.0, 10).map_or(0, usize::from)
    }

    /// A number in an element, and where the element begins.
    fn number(&self, index: usize, field: usize) -> Option<usize> {
        number32(&self.0, HEADER + index * ELEMENT + field).map(|number| number as usize)
    }

    fn bytes(&self, index: usize, from: usize, length: usize) -> Option<&[u8]> {
        let begin = (HEADER + index * ELEMENT).checked_add(from)?;
        self.0.get(begin..begin.checked_add(length)?)
    }

    /// A branch's element is place, length of the key, page; a leaf's is flags, place, length of the key, length of the value.
    fn key(&self, index: usize) -> Option<&[u8]> {
        let (place, length) = if self.kind() == BRANCH { (0, 4) } else { (4, 8) };
        self.bytes(index, self.number(index, place)?, self.number(index, length)?)
    }

    fn child(&self, index: usize) -> Option<u64> {
        number64(&self.0, HEADER + index * ELEMENT + 8).filter(|_| index < self.count())
    }

    fn is_bucket(&self, index: usize) -> bool {
        self.number(index, 0).is_some_and(|flags| flags & 1 != 0)
    }

    fn leaf_value(&self, index: usize) -> Option<&[u8]> {
        let from = self.number(index, 4)?.checked_add(self.number(index, 8)?)?;
        self.bytes(index, from, self.number(index, 12)?)
    }
}

/// Numbers are as on the machine that wrote them: this one.
fn number16(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..at.checked_add(2)?)?.try_into().ok().map(u16::from_ne_bytes)
}

fn number32(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at.checked_add(4)?)?.try_into().ok().map(u32::from_ne_bytes)
}

fn number64(bytes: &[u8], at: usize) -> Option<u64> {
    bytes.get(at..at.checked_add(8)?)?.try_into().ok().map(u64::from_ne_bytes)
}

/// The checksum of the first two pages (<https://datatracker.ietf.org/doc/html/draft-eastlake-fnv>).
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |sum, byte| (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::cell::Cell;

    const SIZE: usize = 4096;

    /// A page with these bytes after its header, and as many of the next ones as it needs.
    fn page(id: u64, kind: u16, count: usize, content: &[u8]) -> Vec<u8> {
        let length = (HEADER + content.len()).next_multiple_of(SIZE);
        let mut bytes = id.to_ne_bytes().to_vec();
        bytes.extend(kind.to_ne_bytes());
        bytes.extend(u16::try_from(count).unwrap().to_ne_bytes());
        bytes.extend(u32::try_from(length / SIZE - 1).unwrap().to_ne_bytes());
        bytes.extend(content);
        bytes.resize(length, 0);
        bytes
    }

    fn u32s(numbers: &[usize]) -> Vec<u8> {
        numbers.iter().flat_map(|number| u32::try_from(*number).unwrap().to_ne_bytes()).collect()
    }

    /// Pairs, each with whether it is a bucket, after their elements.
    fn leaf(pairs: &[(bool, &str, Vec<u8>)]) -> Vec<u8> {
        let (mut elements, mut data) = (Vec::new(), Vec::new());
        for (index, (is_bucket, key, value)) in pairs.iter().enumerate() {
            let place = (pairs.len() - index) * ELEMENT + data.len();
            elements.extend(u32s(&[usize::from(*is_bucket), place, key.len(), value.len()]));
            data.extend([key.as_bytes(), value].concat());
        }
        [elements, data].concat()
    }

    fn branch(children: &[(&str, u64)]) -> Vec<u8> {
        let (mut elements, mut data) = (Vec::new(), Vec::new());
        for (index, (key, child)) in children.iter().enumerate() {
            elements.extend(u32s(&[(children.len() - index) * ELEMENT + data.len(), key.len()]));
            elements.extend(child.to_ne_bytes());
            data.extend(key.as_bytes());
        }
        [elements, data].concat()
    }

    fn bucket(root: u64) -> Vec<u8> {
        [root.to_ne_bytes(), [0; 8]].concat()
    }

    /// The value of a bucket with these pairs, which must be sorted.
    pub(in super::super) fn inline(pairs: &[(bool, &str, Vec<u8>)]) -> Vec<u8> {
        let content = leaf(pairs);
        [bucket(0), page(0, LEAF, pairs.len(), &content)[..HEADER + content.len()].to_vec()].concat()
    }

    fn meta(id: u64, root: u64, change: u64) -> Vec<u8> {
        let mut content = u32s(&[MAGIC as usize, VERSION as usize, SIZE, 0]);
        for number in [root, 0, 2, 9, change] {
            content.extend(number.to_ne_bytes());
        }
        content.extend(fnv1a(&content).to_ne_bytes());
        page(id, 4, 0, &content)
    }

    fn value(text: &str) -> Vec<u8> {
        text.as_bytes().to_vec()
    }

    /// A database with a bucket in its root, one that spreads over pages, one that is a value, and a value that is longer than a
    /// page; its newest state is the second one.
    fn database() -> Vec<u8> {
        let long = "x".repeat(2 * SIZE);
        let root = leaf(&[(true, "v1", bucket(4))]);
        let v1 = leaf(&[(true, "small", inline(&[(false, "image", value("web:1"))])), (true, "tree", bucket(5))]);
        let pages = [
            meta(0, 3, 6),
            meta(1, 3, 7),
            page(2, 0x10, 0, b""),
            page(3, LEAF, 1, &root),
            page(4, LEAF, 2, &v1),
            page(5, BRANCH, 2, &branch(&[("a", 6), ("m", 7)])),
            page(6, LEAF, 2, &leaf(&[(false, "a", value("1")), (false, "b", value("2"))])),
            page(7, LEAF, 2, &leaf(&[(false, "m", value("3")), (false, "z", value(&long))])),
        ];
        pages.concat()
    }

    /// A database with these pairs in its root, of which the buckets are values.
    pub(in super::super) fn with(pairs: &[(bool, &str, Vec<u8>)]) -> Vec<u8> {
        [meta(0, 3, 1), meta(1, 3, 2), page(2, 0x10, 0, b""), page(3, LEAF, pairs.len(), &leaf(pairs))].concat()
    }

    fn text(bytes: &[u8], path: &[&str], key: &str) -> Option<String> {
        ask_source(&bytes, |view| view.value(path, key)).map(|value| String::from_utf8(value).unwrap())
    }

    #[test]
    fn keys_are_found_in_pages_in_values_and_beyond_the_end_of_a_page() {
        let bytes = database();
        assert_eq!(text(&bytes, &["v1", "small"], "image").as_deref(), Some("web:1"));
        for (key, expected) in [("a", "1"), ("b", "2"), ("m", "3")] {
            assert_eq!(text(&bytes, &["v1", "tree"], key).as_deref(), Some(expected));
        }
        assert_eq!(text(&bytes, &["v1", "tree"], "z").unwrap().len(), 2 * SIZE);
        for (path, key) in [(&["v1"][..], "x"), (&["v1", "tree"], "c"), (&["v1", "tree", "a"], "x"), (&["v1"], "tree")]
        {
            assert_eq!(text(&bytes, path, key), None, "{path:?} {key}");
        }
        let pairs = ask_source(&bytes.as_slice(), |view| Some(view.texts(&["v1", "tree"]))).unwrap();
        let mut keys: Vec<&str> = pairs.iter().map(|(key, _)| key.as_str()).collect();
        keys.sort_unstable();
        assert_eq!(keys, ["a", "b", "m", "z"]);
    }

    #[test]
    fn the_newest_state_that_is_whole_counts() {
        let mut bytes = database();
        // The newer one leads to another tree.
        bytes[SIZE..2 * SIZE].copy_from_slice(&meta(1, 6, 7));
        assert_eq!(text(&bytes, &[], "a").as_deref(), Some("1"));
        bytes[SIZE + HEADER + 50] ^= 1;
        assert_eq!(text(&bytes, &["v1", "small"], "image").as_deref(), Some("web:1"));
        // Then the first one alone is not, and says nothing about where the second is.
        bytes[SIZE + HEADER + 50] ^= 1;
        bytes[HEADER] ^= 1;
        assert_eq!(text(&bytes, &[], "a").as_deref(), Some("1"));
        bytes[SIZE + HEADER] ^= 1;
        assert_eq!(text(&bytes, &[], "a"), None);
    }

    /// A database that is changed each time that something is read, for so many times.
    struct Moving {
        bytes: Vec<u8>,
        changes: Cell<u64>,
    }

    impl Source for Moving {
        fn fill(&self, buffer: &mut [u8], at: u64) -> bool {
            let left = self.changes.get();
            self.changes.set(left.saturating_sub(1));
            let mut bytes = self.bytes.clone();
            bytes[SIZE..2 * SIZE].copy_from_slice(&meta(1, 3, 1000 - left));
            bytes.as_slice().fill(buffer, at)
        }
    }

    #[test]
    fn what_changes_meanwhile_is_read_again_but_not_for_ever() {
        let ask = |changes| {
            let moving = Moving { bytes: database(), changes: Cell::new(changes) };
            ask_source(&moving, |view| view.value(&["v1", "small"], "image"))
        };
        assert!(ask(0).is_some() && ask(5).is_some());
        assert_eq!(ask(500), None);
    }

    proptest! {
        #[test]
        fn no_bytes_are_too_strange(places in prop::collection::vec((0_usize..4 * SIZE, any::<u8>()), 1..40)) {
            let mut bytes = database();
            for (place, byte) in places {
                bytes[2 * SIZE + place] = byte;
            }
            for key in ["a", "z", "image"] {
                let _ = text_of_any(&bytes, &["v1", "tree"], key);
                let _ = text_of_any(&bytes, &["v1", "small"], key);
            }
            let _ = ask_source(&bytes.as_slice(), |view| Some(view.texts(&["v1", "tree"])));
        }
    }

    fn text_of_any(bytes: &[u8], path: &[&str], key: &str) -> Option<Vec<u8>> {
        ask_source(&bytes, |view| view.value(path, key))
    }
}
