//! Patterns as fnmatch(3) with flags 0 understands them: `*` and `?` cross slashes, `[…]` with ranges, classes and `!` or `^`,
//! backslash escapes. On bytes, in the C locale.
//!
//! Matching takes at most pattern × text steps: only the last `*` is ever gone back to.

/// A pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glob {
    items: Box<[Item]>,
    ignore_case: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Item {
    Byte(u8),
    Any,
    Star,
    /// One bit for each byte that matches.
    Set(Box<[u64; 4]>),
    /// A pattern that ends in a lone backslash matches nothing there.
    Never,
}

/// An item as it is read, nothing of it allocated.
enum Read {
    Item(Item),
    Set([u64; 4]),
}

/// The item that a pattern has there, and where the next one is.
fn read(pattern: &[u8], at: usize, ignore_case: bool) -> Option<(Read, usize)> {
    let item = match *pattern.get(at)? {
        b'?' => Item::Any,
        b'*' => Item::Star,
        b'\\' => match pattern.get(at + 1) {
            Some(&literal) => return Some((Read::Item(Item::Byte(literal)), at + 2)),
            None => Item::Never,
        },
        b'[' => match bracket(&pattern[at + 1..], ignore_case) {
            Some((set, len)) => return Some((Read::Set(set), at + 1 + len)),
            // Without its end it is a bracket like any other character.
            None => Item::Byte(b'['),
        },
        literal => Item::Byte(literal),
    };
    Some((Read::Item(item), at + 1))
}

impl Glob {
    /// Compiles a pattern; every text is one.
    pub fn new(pattern: &[u8], ignore_case: bool) -> Glob {
        let mut items = Vec::new();
        let mut at = 0;
        while let Some((item, next)) = read(pattern, at, ignore_case) {
            at = next;
            items.push(match item {
                Read::Item(Item::Star) if items.last() == Some(&Item::Star) => continue,
                Read::Item(item) => item,
                Read::Set(set) => Item::Set(Box::new(set)),
            });
        }
        Glob { items: items.into(), ignore_case }
    }

    /// The pattern with a backslash before every byte that could mean something else, and whether that is all of it: a set in
    /// brackets has become `?`, and a letter whose case does not count too. What the pattern matches, this matches. `None` if
    /// it matches nothing.
    pub fn widened(&self) -> Option<(Vec<u8>, bool)> {
        let (mut pattern, mut exact) = (Vec::new(), true);
        for item in &self.items {
            match item {
                Item::Byte(byte) if self.ignore_case && byte.is_ascii_alphabetic() => {
                    exact = false;
                    pattern.push(b'?');
                }
                Item::Byte(byte) => {
                    if matches!(byte, b'*' | b'?' | b'\\') {
                        pattern.push(b'\\');
                    }
                    pattern.push(*byte);
                }
                Item::Any => pattern.push(b'?'),
                Item::Star => pattern.push(b'*'),
                Item::Set(_) => {
                    exact = false;
                    pattern.push(b'?');
                }
                Item::Never => return None,
            }
        }
        Some((pattern, exact))
    }

    /// Whether the whole text matches.
    pub fn matches(&self, text: &[u8]) -> bool {
        let item = |at: usize| {
            let found = match self.items.get(at)? {
                Item::Star => Found::Star,
                item => Found::One(item),
            };
            Some((found, at + 1))
        };
        walk(item, |item, byte| item_matches(item, byte, self.ignore_case), text)
    }

    /// Whether a text matches a pattern that is known only now. Nothing is allocated: this is for patterns of the event.
    pub fn matches_text(pattern: &[u8], text: &[u8], ignore_case: bool) -> bool {
        let item = |at: usize| {
            let (item, next) = read(pattern, at, ignore_case)?;
            let found = match item {
                Read::Item(Item::Star) => Found::Star,
                item => Found::One(item),
            };
            Some((found, next))
        };
        let matches = |item: Read, byte: u8| match item {
            Read::Item(item) => item_matches(&item, byte, ignore_case),
            Read::Set(set) => in_set(&set, byte),
        };
        walk(item, matches, text)
    }
}

/// A part of a pattern that stands in every text that matches it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Literal {
    /// It is the whole text.
    Whole(Box<[u8]>),
    /// The text begins with it.
    Front(Box<[u8]>),
    /// The text ends with it.
    Back(Box<[u8]>),
    /// The text contains it.
    Inside(Box<[u8]>),
}

impl Glob {
    /// The longest such part. `None` if there is none, or capital letters are the same as small ones.
    pub fn literal(&self) -> Option<Literal> {
        if self.ignore_case {
            return None;
        }
        let byte = |item: &Item| match item {
            Item::Byte(byte) => Some(*byte),
            _ => None,
        };
        let runs = self.items.chunk_by(|a, b| byte(a).is_some() == byte(b).is_some());
        let mut start = 0;
        let mut best: Option<(usize, Box<[u8]>)> = None;
        for run in runs {
            let text: Box<[u8]> = run.iter().filter_map(byte).collect();
            if text.len() > best.as_ref().map_or(0, |(_, text)| text.len()) {
                best = Some((start, text));
            }
            start += run.len();
        }
        let (start, text) = best?;
        Some(match (start == 0, start + text.len() == self.items.len()) {
            (true, true) => Literal::Whole(text),
            (true, false) => Literal::Front(text),
            (false, true) => Literal::Back(text),
            (false, false) => Literal::Inside(text),
        })
    }
}

/// What stands at a place of a pattern.
enum Found<T> {
    Star,
    One(T),
}

/// Walks through pattern and text together. `item` gives what the pattern has at a place, and the place behind it.
fn walk<T>(item: impl Fn(usize) -> Option<(Found<T>, usize)>, matches: impl Fn(T, u8) -> bool, text: &[u8]) -> bool {
    let (mut place, mut at) = (0, 0);
    let mut back: Option<(usize, usize)> = None;
    loop {
        match item(place) {
            Some((Found::Star, next)) => {
                back = Some((next, at));
                place = next;
                continue;
            }
            Some((Found::One(one), next)) => {
                if let Some(&byte) = text.get(at)
                    && matches(one, byte)
                {
                    place = next;
                    at += 1;
                    continue;
                }
            }
            None if at == text.len() => return true,
            None => {}
        }
        match back {
            Some((after_star, from)) if from < text.len() => {
                back = Some((after_star, from + 1));
                place = after_star;
                at = from + 1;
            }
            _ => return false,
        }
    }
}

fn in_set(set: &[u64; 4], byte: u8) -> bool {
    set[usize::from(byte / 64)] & (1 << (byte % 64)) != 0
}

fn item_matches(item: &Item, byte: u8, ignore_case: bool) -> bool {
    match item {
        Item::Byte(literal) if ignore_case => literal.eq_ignore_ascii_case(&byte),
        Item::Byte(literal) => *literal == byte,
        Item::Any => true,
        Item::Set(set) => in_set(set, byte),
        Item::Star | Item::Never => false,
    }
}

/// Reads a bracket expression behind its `[`; gives the set and how long it was. `None` if it has no end.
fn bracket(pattern: &[u8], ignore_case: bool) -> Option<([u64; 4], usize)> {
    let mut set = [0u64; 4];
    let mut at = 0;
    let negated = matches!(pattern.first(), Some(b'!' | b'^'));
    if negated {
        at += 1;
    }
    let first = at;
    loop {
        let byte = *pattern.get(at)?;
        if byte == b']' && at > first {
            at += 1;
            break;
        }
        if byte == b'['
            && pattern.get(at + 1) == Some(&b':')
            && let Some(end) = pattern[at + 2..].windows(2).position(|pair| pair == b":]")
        {
            let name = &pattern[at + 2..at + 2 + end];
            if let Some(class) = class(name) {
                (0..=255u8).filter(class).for_each(|byte| insert(&mut set, byte, ignore_case));
                at += end + 4;
                continue;
            }
            return None;
        }
        let (low, after) = literal(pattern, at)?;
        at = after;
        // A range, unless the minus is the last character.
        if pattern.get(at) == Some(&b'-') && pattern.get(at + 1).is_some_and(|&b| b != b']') {
            let (high, after) = literal(pattern, at + 1)?;
            at = after;
            (low..=high).for_each(|byte| insert(&mut set, byte, ignore_case));
        } else {
            insert(&mut set, low, ignore_case);
        }
    }
    if negated {
        set = set.map(|word| !word);
    }
    Some((set, at))
}

fn literal(pattern: &[u8], at: usize) -> Option<(u8, usize)> {
    match *pattern.get(at)? {
        b'\\' => Some((*pattern.get(at + 1)?, at + 2)),
        byte => Some((byte, at + 1)),
    }
}

fn insert(set: &mut [u64; 4], byte: u8, ignore_case: bool) {
    let mut one = |byte: u8| set[usize::from(byte / 64)] |= 1 << (byte % 64);
    one(byte);
    if ignore_case {
        one(byte.to_ascii_lowercase());
        one(byte.to_ascii_uppercase());
    }
}

fn class(name: &[u8]) -> Option<fn(&u8) -> bool> {
    Some(match name {
        b"alnum" => u8::is_ascii_alphanumeric,
        b"alpha" => u8::is_ascii_alphabetic,
        b"blank" => |b| matches!(b, b' ' | b'\t'),
        b"cntrl" => u8::is_ascii_control,
        b"digit" => u8::is_ascii_digit,
        b"graph" => u8::is_ascii_graphic,
        b"lower" => u8::is_ascii_lowercase,
        b"print" => |b| (0x20..0x7f).contains(b),
        b"punct" => u8::is_ascii_punctuation,
        b"space" => |b| matches!(b, b' ' | b'\t'..=b'\r'),
        b"upper" => u8::is_ascii_uppercase,
        b"xdigit" => u8::is_ascii_hexdigit,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_literal_of_a_pattern_is_found() {
        let literal = |pattern: &str| Glob::new(pattern.as_bytes(), false).literal();
        assert_eq!(literal("abc"), Some(Literal::Whole(b"abc".as_slice().into())));
        assert_eq!(literal("/etc/*"), Some(Literal::Front(b"/etc/".as_slice().into())));
        assert_eq!(literal("/*/key"), Some(Literal::Back(b"/key".as_slice().into())));
        assert_eq!(literal("*ab?cde[x]f"), Some(Literal::Inside(b"cde".as_slice().into())));
        assert_eq!(literal("a\\*b*"), Some(Literal::Front(b"a*b".as_slice().into())));
        assert_eq!((literal("*"), literal(""), Glob::new(b"abc", true).literal()), (None, None, None));
    }

    #[test]
    fn a_pattern_of_the_event_matches_what_a_compiled_one_matches() {
        let patterns = ["", "*", "a*b", "[a-c]?x", "[!a]*", "\\*", "[", "a\\", "[[:alpha:]]*", "**a**"];
        for pattern in patterns {
            for text in ["", "a", "ab", "axb", "b.x", "*", "[", "xaz", "A"] {
                for ignore_case in [false, true] {
                    let compiled = Glob::new(pattern.as_bytes(), ignore_case).matches(text.as_bytes());
                    let read = Glob::matches_text(pattern.as_bytes(), text.as_bytes(), ignore_case);
                    assert_eq!(compiled, read, "{pattern} {text}");
                }
            }
        }
    }
}
