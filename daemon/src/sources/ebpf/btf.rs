//! The kernel's description of its own types: BTF (`Documentation/bpf/btf.rst` of the kernel, `linux/btf.h`).
//!
//! ```text
//!   header │ types: head, what the kind adds ─ head, … │ names, each ended by NUL
//! ```

use std::collections::{HashMap, HashSet};

/// Kinds of types that are looked into.
mod kind {
    pub const INT: u32 = 1;
    pub const ARRAY: u32 = 3;
    pub const STRUCT: u32 = 4;
    pub const UNION: u32 = 5;
    pub const ENUM: u32 = 6;
    pub const TYPEDEF: u32 = 8;
    pub const VOLATILE: u32 = 9;
    pub const CONST: u32 = 10;
    pub const RESTRICT: u32 = 11;
    pub const FUNC: u32 = 12;
    pub const FUNC_PROTO: u32 = 13;
    pub const VAR: u32 = 14;
    pub const DATASEC: u32 = 15;
    pub const DECL_TAG: u32 = 17;
    pub const TYPE_TAG: u32 = 18;
    pub const ENUM64: u32 = 19;
}

/// `BTF_MAGIC`.
const MAGIC: u16 = 0xeb9f;

/// Size of a type's head.
const HEAD: usize = 12;

/// Typedefs and qualifiers that are followed in a row, and structures without names in each other.
const DEEPEST: u32 = 16;

/// The function that has the verifier believe what lies at an address, by its name with the NUL.
const CAST: &[u8] = b"bpf_rdonly_cast\0";

/// The types of a kernel.
#[derive(Debug)]
pub struct Btf<'a> {
    bytes: &'a [u8],
    names: usize,
    /// Where each type begins; its number is the index.
    at: Vec<u32>,
    structs: HashMap<&'a [u8], u32>,
    helpers: Option<u32>,
    cast: Option<u32>,
}

/// A type's head.
#[derive(Clone, Copy)]
struct Head {
    name: usize,
    kind: u32,
    count: usize,
    /// The offsets of its members hold the widths of bit fields, too.
    widths: bool,
    /// Its size, or the type that it refers to.
    size: u32,
    at: usize,
}

impl<'a> Btf<'a> {
    /// Reads it, with the structures of these names; `None` if it makes no sense.
    pub fn parse(bytes: &'a [u8], structures: &HashSet<&[u8]>) -> Option<Btf<'a>> {
        if u16_at(bytes, 0)? != MAGIC {
            return None;
        }
        let begin = u32_at(bytes, 4)? as usize;
        let types = begin.checked_add(u32_at(bytes, 8)? as usize)?;
        let end = types.checked_add(u32_at(bytes, 12)? as usize)?;
        let names = begin.checked_add(u32_at(bytes, 16)? as usize)?;
        // Number 0 is void.
        let mut btf = Btf { bytes, names, at: vec![u32::MAX], structs: HashMap::new(), helpers: None, cast: None };
        let mut at = types;
        while at < end {
            let head = btf.head_at(at)?;
            let id = u32::try_from(btf.at.len()).ok()?;
            btf.at.push(u32::try_from(at).ok()?);
            if head.kind == kind::STRUCT {
                let name = btf.name(head.name)?;
                if structures.contains(name) {
                    btf.structs.entry(name).or_insert(id);
                }
            } else if head.kind == kind::ENUM && btf.name(head.name)? == b"bpf_func_id" {
                btf.helpers = Some(id);
            } else if head.kind == kind::FUNC && btf.names_from(head.name)?.starts_with(CAST) {
                btf.cast = Some(id);
            }
            at = at.checked_add(HEAD)?.checked_add(head.added())?;
        }
        Some(btf)
    }

    /// Where a member lies in a structure, in bytes, or how large the structure is for an empty path. A path may lead through
    /// members, split by dots.
    pub fn offset(&self, structure: &str, path: &str) -> Option<u32> {
        let mut id = *self.structs.get(structure.as_bytes())?;
        if path.is_empty() {
            return Some(self.head(id)?.size);
        }
        let mut offset = 0u32;
        for name in path.split('.') {
            let (bits, of) = self.member(self.plain(id)?, name.as_bytes(), DEEPEST)?;
            offset = offset.checked_add(bits / 8)?;
            id = of;
        }
        Some(offset)
    }

    /// Does this kernel have the helper function of this name (`BPF_FUNC_…`)?
    pub fn has_helper(&self, name: &str) -> bool {
        let Some(head) = self.helpers.and_then(|id| self.head(id)) else { return false };
        (0..head.count).any(|n| {
            let at = head.at + HEAD + n * 8;
            u32_at(self.bytes, at).and_then(|at| self.name(at as usize)) == Some(name.as_bytes())
        })
    }

    /// The number of a structure.
    pub fn number(&self, structure: &str) -> Option<u32> {
        self.structs.get(structure.as_bytes()).copied()
    }

    /// The number of the function that has the verifier believe what lies at an address (`bpf_rdonly_cast`), if the kernel has it.
    pub fn cast(&self) -> Option<u32> {
        self.cast
    }

    /// A member's offset in bits, and its type. Members of structures without a name are the outer one's.
    fn member(&self, id: u32, name: &[u8], deepest: u32) -> Option<(u32, u32)> {
        let head = self.head(id)?;
        if !matches!(head.kind, kind::STRUCT | kind::UNION) {
            return None;
        }
        for n in 0..head.count {
            let at = head.at.checked_add(HEAD)?.checked_add(n.checked_mul(12)?)?;
            let (of, offset) = (u32_at(self.bytes, at + 4)?, u32_at(self.bytes, at + 8)?);
            let offset = if head.widths { offset & 0xff_ffff } else { offset };
            let called = self.name(u32_at(self.bytes, at)? as usize)?;
            if called == name {
                return Some((offset, of));
            }
            if called.is_empty()
                && let Some(deeper) = deepest.checked_sub(1)
                && let Some((inner, of)) = self.plain(of).and_then(|of| self.member(of, name, deeper))
            {
                return Some((offset.checked_add(inner)?, of));
            }
        }
        None
    }

    /// A type without typedefs and qualifiers.
    fn plain(&self, mut id: u32) -> Option<u32> {
        for _ in 0..DEEPEST {
            let head = self.head(id)?;
            match head.kind {
                kind::TYPEDEF | kind::VOLATILE | kind::CONST | kind::RESTRICT | kind::TYPE_TAG => id = head.size,
                _ => return Some(id),
            }
        }
        None
    }

    fn head(&self, id: u32) -> Option<Head> {
        self.head_at(*self.at.get(id as usize)? as usize)
    }

    fn head_at(&self, at: usize) -> Option<Head> {
        let info = u32_at(self.bytes, at.checked_add(4)?)?;
        Some(Head {
            name: u32_at(self.bytes, at)? as usize,
            kind: info >> 24 & 0x1f,
            count: (info & 0xffff) as usize,
            widths: info >> 31 != 0,
            size: u32_at(self.bytes, at.checked_add(8)?)?,
            at,
        })
    }

    fn names_from(&self, at: usize) -> Option<&'a [u8]> {
        self.bytes.get(self.names.checked_add(at)?..)
    }

    fn name(&self, at: usize) -> Option<&'a [u8]> {
        let from = self.names_from(at)?;
        from.get(..from.iter().position(|&b| b == 0)?)
    }
}

impl Head {
    /// Bytes behind the head.
    fn added(&self) -> usize {
        match self.kind {
            kind::INT | kind::VAR | kind::DECL_TAG => 4,
            kind::ARRAY => 12,
            kind::STRUCT | kind::UNION | kind::DATASEC | kind::ENUM64 => self.count * 12,
            kind::ENUM | kind::FUNC_PROTO => self.count * 8,
            _ => 0,
        }
    }
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_ne_bytes(bytes.get(at..at.checked_add(2)?)?.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_ne_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?))
}
