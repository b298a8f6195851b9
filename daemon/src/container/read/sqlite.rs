//! Looking a row up by the text that is its key in a database of SQLite's (<https://www.sqlite.org/fileformat2.html>), which Podman
//! keeps its containers in since 4.8, without a lock that would let its owner wait, or this program.
//!
//! ```text
//! page 1: tables and indices by name ─▶ index: key ▶ row number ─▶ table: row number ▶ row, and what runs on in other pages
//! ```
//!
//! Podman's has no write-ahead log: a change overwrites pages where they are. While one is made, a key may not be found, or a row
//! be half another one's: the row that is found must have the key that was asked for, what it holds must make sense to who
//! asked, and a question without an answer is put again. Only the pages on the way are read, however large the database is.

use super::CONTAINER_BYTES;
use super::bolt::Source;
use crate::container::files;
use std::cell::Cell;
use std::path::Path;

/// How often is asked.
const TRIES: u32 = 4;

/// Pages on the way from the root of a tree to a leaf at most, and pages of the list of tables.
const MOST_PAGES: u32 = 64;

/// Bytes of pages that are read, and of rows that are looked at, for one question: whoever owns the database may have made its
/// cells lead anywhere, and to the same place again and again. A row's overhead counts too.
const MOST_BYTES: usize = 8 << 20;
const ROW: usize = 64;

/// Bytes of the file's head.
const HEAD: usize = 100;

/// Kinds of pages.
const INDEX_BRANCH: u8 = 2;
const TABLE_BRANCH: u8 = 5;
const INDEX_LEAF: u8 = 10;
const TABLE_LEAF: u8 = 13;

/// A value in a row, as far as anybody here asks for it.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Column {
    /// None, or a number with a fraction.
    Other,
    /// A number.
    Number(i64),
    /// A text or bytes.
    Bytes(Vec<u8>),
}

impl Column {
    fn is(&self, text: &str) -> bool {
        matches!(self, Column::Bytes(bytes) if bytes == text.as_bytes())
    }

    fn number(&self) -> Option<i64> {
        if let Column::Number(number) = self { Some(*number) } else { None }
    }
}

/// The row of this key in a table of a database file, if `read` can make sense of it.
pub(super) fn ask<T>(path: &Path, table: &str, key: &str, read: impl Fn(&[Column]) -> Option<T>) -> Option<T> {
    let file = files::open_regular(path)?;
    (0..TRIES).find_map(|_| read(&row(&file, table, key)?))
}

/// The row whose first column is this key, which is the table's primary key.
pub(super) fn row(source: &dyn Source, table: &str, key: &str) -> Option<Vec<Column>> {
    let database = Database::open(source)?;
    let (mut root, mut index) = (None, None);
    let name_of_index = format!("sqlite_autoindex_{table}_1");
    database.each_row(1, &mut MOST_PAGES.clone(), &mut |row| {
        let [kind, name, _, page, ..] = row else { return };
        if kind.is("table") && name.is(table) {
            root = page.number();
        } else if kind.is("index") && name.is(&name_of_index) {
            index = page.number();
        }
    })?;
    let number = database.number(u32::try_from(index?).ok()?, key.as_bytes())?;
    let row = database.row(u32::try_from(root?).ok()?, number)?;
    row.first()?.is(key).then_some(row)
}

struct Database<'a> {
    source: &'a dyn Source,
    page_size: usize,
    /// Bytes of a page that are used.
    usable: usize,
    /// What is left of [`MOST_BYTES`].
    left: Cell<usize>,
}

/// A page, and where its own head begins: behind the file's in the first one.
struct Page {
    bytes: Vec<u8>,
    head: usize,
}

impl<'a> Database<'a> {
    fn open(source: &'a dyn Source) -> Option<Database<'a>> {
        let mut head = [0; HEAD];
        if !source.fill(&mut head, 0) || !head.starts_with(b"SQLite format 3\0") {
            return None;
        }
        let page_size = match u16::from_be_bytes([head[16], head[17]]) {
            1 => 1 << 16,
            size => usize::from(size),
        };
        let usable = page_size.checked_sub(usize::from(head[20]))?;
        // 1: without a write-ahead log, for who reads and who writes. Texts are in UTF-8, which is 1 as well.
        let fits = head[18] == 1 && head[19] == 1 && number32(&head, 56) == Some(1);
        (fits && page_size.is_power_of_two() && page_size >= 512 && usable >= 480).then_some(Database {
            source,
            page_size,
            usable,
            left: Cell::new(MOST_BYTES),
        })
    }

    /// Counts so many bytes; `None` if that is too much.
    fn take(&self, bytes: usize) -> Option<()> {
        self.left.set(self.left.get().checked_sub(bytes)?);
        Some(())
    }

    fn page(&self, number: u32) -> Option<Page> {
        self.take(self.page_size)?;
        let mut bytes = vec![0; self.page_size];
        let at = u64::from(number.checked_sub(1)?).checked_mul(self.page_size as u64)?;
        let head = if number == 1 { HEAD } else { 0 };
        self.source.fill(&mut bytes, at).then_some(Page { bytes, head })
    }

    /// Calls `each` for every row of a table, as far as `left` pages hold them.
    fn each_row(&self, number: u32, left: &mut u32, each: &mut dyn FnMut(&[Column])) -> Option<()> {
        let mut next = vec![number];
        while let Some(number) = next.pop() {
            *left = left.checked_sub(1)?;
            let page = self.page(number)?;
            for index in 0..page.count()? {
                match page.kind()? {
                    TABLE_BRANCH => next.push(number32(&page.bytes, page.cell(index)?)?),
                    TABLE_LEAF => each(&columns(&self.of_leaf(&page, index)?.1)?),
                    _ => return None,
                }
            }
            if page.kind()? == TABLE_BRANCH {
                next.push(page.last_child()?);
            }
        }
        Some(())
    }

    /// The number of the row that an index has for this key.
    fn number(&self, mut number: u32, key: &[u8]) -> Option<i64> {
        for _ in 0..MOST_PAGES {
            let page = self.page(number)?;
            let is_branch = match page.kind()? {
                INDEX_BRANCH => true,
                INDEX_LEAF => false,
                _ => return None,
            };
            let mut below = None;
            for index in 0..page.count()? {
                let cell = page.cell(index)?;
                let at = if is_branch { cell.checked_add(4)? } else { cell };
                let (length, at) = varint(&page.bytes, at)?;
                let entry = columns(&self.payload(&page, at, length, (self.usable - 12) * 64 / 255 - 23)?)?;
                let [Column::Bytes(found), row] = entry.as_slice() else { return None };
                if found == key {
                    return row.number();
                }
                // Below this one are those that are less.
                if is_branch && key < found.as_slice() {
                    below = Some(number32(&page.bytes, cell)?);
                    break;
                }
            }
            number = if is_branch { below.or_else(|| page.last_child())? } else { return None };
        }
        None
    }

    /// The row of this number.
    fn row(&self, mut number: u32, row: i64) -> Option<Vec<Column>> {
        for _ in 0..MOST_PAGES {
            let page = self.page(number)?;
            let mut below = None;
            for index in 0..page.count()? {
                if page.kind()? == TABLE_LEAF {
                    if let (found, payload) = self.of_leaf(&page, index)?
                        && found == row
                    {
                        return columns(&payload);
                    }
                    continue;
                }
                let cell = page.cell(index)?;
                let (greatest, _) = varint(&page.bytes, cell.checked_add(4)?)?;
                if row <= greatest {
                    below = Some(number32(&page.bytes, cell)?);
                    break;
                }
            }
            number = if page.kind()? == TABLE_BRANCH { below.or_else(|| page.last_child())? } else { return None };
        }
        None
    }

    /// A row in a leaf: its number and its bytes.
    fn of_leaf(&self, page: &Page, index: usize) -> Option<(i64, Vec<u8>)> {
        let (length, at) = varint(&page.bytes, page.cell(index)?)?;
        let (number, at) = varint(&page.bytes, at)?;
        Some((number, self.payload(page, at, length, self.usable - 35)?))
    }

    /// So many bytes, of which a page holds at most `most` and else says where the others are.
    fn payload(&self, page: &Page, at: usize, length: i64, most: usize) -> Option<Vec<u8>> {
        let length = usize::try_from(length).ok().filter(|length| *length <= CONTAINER_BYTES)?;
        self.take(length + ROW)?;
        let least = (self.usable - 12) * 32 / 255 - 23;
        let here = match length {
            _ if length <= most => length,
            _ => Some(least + (length - least) % (self.usable - 4)).filter(|here| *here <= most).unwrap_or(least),
        };
        let end = at.checked_add(here)?;
        let mut bytes = page.bytes.get(at..end)?.to_vec();
        let mut next = if here < length { number32(&page.bytes, end)? } else { 0 };
        while bytes.len() < length {
            let more = self.page(next)?;
            next = number32(&more.bytes, 0)?;
            let wanted = (length - bytes.len()).min(self.usable - 4);
            bytes.extend_from_slice(more.bytes.get(4..4 + wanted)?);
        }
        Some(bytes)
    }
}

impl Page {
    fn kind(&self) -> Option<u8> {
        self.bytes.get(self.head).copied()
    }

    fn count(&self) -> Option<usize> {
        number16(&self.bytes, self.head + 3)
    }

    /// The child behind all cells of a branch.
    fn last_child(&self) -> Option<u32> {
        number32(&self.bytes, self.head + 8)
    }

    /// Where a cell begins.
    fn cell(&self, index: usize) -> Option<usize> {
        let is_branch = matches!(self.kind()?, INDEX_BRANCH | TABLE_BRANCH);
        number16(&self.bytes, self.head + if is_branch { 12 } else { 8 } + 2 * index)
    }
}

/// The values of a row: their kinds, one behind the other, and then they themselves.
fn columns(row: &[u8]) -> Option<Vec<Column>> {
    let (head, mut at) = varint(row, 0)?;
    let head = usize::try_from(head).ok()?;
    let mut place = head;
    let mut columns = Vec::new();
    while at < head {
        let (kind, next) = varint(row, at)?;
        at = next;
        let length = match kind {
            0 | 8 | 9 => 0,
            1..=4 => usize::try_from(kind).ok()?,
            5 => 6,
            6 | 7 => 8,
            12.. => usize::try_from((kind - 12) / 2).ok()?,
            _ => return None,
        };
        let bytes = row.get(place..place.checked_add(length)?)?;
        place += length;
        columns.push(match kind {
            0 | 7 => Column::Other,
            8 | 9 => Column::Number(kind - 8),
            1..=6 => Column::Number(signed(bytes)),
            _ => Column::Bytes(bytes.to_vec()),
        });
    }
    Some(columns)
}

/// A number of up to eight bytes, greatest first.
fn signed(bytes: &[u8]) -> i64 {
    let first = if bytes.first().is_some_and(|first| first & 0x80 != 0) { -1 } else { 0 };
    bytes.iter().fold(first, |number, byte| number << 8 | i64::from(*byte))
}

/// A number that is as long as it needs to be, and where it ends.
fn varint(bytes: &[u8], at: usize) -> Option<(i64, usize)> {
    let mut number = 0_u64;
    for place in 0..9 {
        let byte = *bytes.get(at.checked_add(place)?)?;
        if place == 8 {
            return Some(((number << 8 | u64::from(byte)).cast_signed(), at + 9));
        }
        number = number << 7 | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            return Some((number.cast_signed(), at + place + 1));
        }
    }
    None
}

fn number16(bytes: &[u8], at: usize) -> Option<usize> {
    bytes.get(at..at.checked_add(2)?)?.try_into().ok().map(|bytes| usize::from(u16::from_be_bytes(bytes)))
}

fn number32(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at.checked_add(4)?)?.try_into().ok().map(u32::from_be_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Databases that `sqlite3` made, with Podman's tables: one container, and 60 in pages of 512 bytes, whose rows run on into others.
    const FEW: &[u8] = include_bytes!("../../../tests/data/podman-few.sql");
    const MANY: &[u8] = include_bytes!("../../../tests/data/podman-many.sql");
    const ID: &str = "3f2a9c0b1d4e5f60718293a4b5c6d7e8f90123456789abcdef0123456789abcd";

    fn text(column: &Column) -> &str {
        let Column::Bytes(bytes) = column else { panic!("{column:?}") };
        std::str::from_utf8(bytes).unwrap()
    }

    #[test]
    fn a_row_is_found_by_its_key() {
        let row = row(&FEW, "ContainerConfig", ID).unwrap();
        assert_eq!((text(&row[0]), text(&row[1]), &row[2]), (ID, "web", &Column::Other));
        assert!(text(&row[3]).contains(r#""labels":{"tier":"front"}"#));
        assert_eq!(super::row(&FEW, "ContainerConfig", "other"), None);
        assert_eq!(super::row(&FEW, "ContainerState", ID), None);
    }

    #[test]
    fn every_row_of_a_tree_is_found_however_long_it_is() {
        for n in 1..=60 {
            let id = format!("{:064x}", n * 7919);
            let row = row(&MANY, "ContainerConfig", &id).unwrap();
            assert_eq!(text(&row[1]), format!("c{n}"));
            let expected = format!(r#"{{"name":"c{n}","labels":{{"n":"{n}"}},"env":"{:0width$}"}}"#, 0, width = n * 20);
            assert_eq!(text(&row[3]), expected);
        }
        for n in [0, 1, 7918, 7920, 7919 * 61] {
            assert_eq!(row(&MANY, "ContainerConfig", &format!("{n:064x}")), None);
        }
    }

    #[test]
    fn numbers_are_as_long_as_they_need_to_be() {
        for (bytes, number) in [
            (&[0x7f][..], 127),
            (&[0x81, 0x00], 128),
            (&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], -1),
            (&[0x80, 0x01], 1),
        ] {
            assert_eq!(varint(bytes, 0), Some((number, bytes.len())));
        }
        assert_eq!((varint(&[0x81], 0), varint(&[], 0)), (None, None));
        assert_eq!((signed(&[0xff, 0xfe]), signed(&[0x01, 0x00]), signed(&[])), (-2, 256, 0));
    }

    /// Counts what is read.
    struct Counting(Vec<u8>, Cell<u64>);

    impl Source for Counting {
        fn fill(&self, buffer: &mut [u8], at: u64) -> bool {
            self.1.set(self.1.get() + buffer.len() as u64);
            (&self.0.as_slice()).fill(buffer, at)
        }
    }

    #[test]
    fn cells_that_lead_to_one_place_again_and_again_are_given_up() {
        // A database of one page of 64 KiB: as many rows as its head can name, each of which is all of a long one that runs on
        // into other pages.
        const PAGE: usize = 1 << 16;
        let mut bytes = vec![0; 20 * PAGE];
        bytes[..HEAD].copy_from_slice(&MANY[..HEAD]);
        bytes[16..18].copy_from_slice(&1_u16.to_be_bytes());
        bytes[20] = 0;
        let cell = PAGE - 40_000 + 7;
        bytes[HEAD] = TABLE_LEAF;
        bytes[HEAD + 3..HEAD + 5].copy_from_slice(&12_000_u16.to_be_bytes());
        for index in 0..12_000 {
            let at = HEAD + 8 + 2 * index;
            bytes[at..at + 2].copy_from_slice(&(cell as u16).to_be_bytes());
        }
        // Its length, 800,000, its number, and no column.
        bytes[cell..cell + 4].copy_from_slice(&[0xb0, 0xea, 0x00, 0x01]);
        for page in 1..20 {
            bytes[page * PAGE..page * PAGE + 4].copy_from_slice(&(page as u32 + 2).to_be_bytes());
        }
        // 13,616 bytes of it are here.
        bytes[cell + 13_620..cell + 13_624].copy_from_slice(&2_u32.to_be_bytes());
        let source = Counting(bytes, Cell::new(0));
        assert_eq!(super::row(&source, "ContainerConfig", ID), None);
        assert!(((2 << 20)..(16 << 20)).contains(&source.1.get()), "{}", source.1.get());
    }

    proptest! {
        #[test]
        fn no_bytes_are_too_strange(places in prop::collection::vec((HEAD..MANY.len(), any::<u8>()), 1..60), cut in 0..MANY.len()) {
            let mut bytes = MANY.to_vec();
            for (place, byte) in places {
                bytes[place] = byte;
            }
            let id = format!("{:064x}", 30 * 7919);
            let _ = row(&bytes.as_slice(), "ContainerConfig", &id);
            let _ = row(&&bytes[..cut], "ContainerConfig", &id);
        }
    }
}
