//! The evaluator: the same function in the kernel module, in other sources and in tests.

use super::program::{KEEP, Node, Program, REJECT, halves};
use super::{Ip, Known, Load, Part, Test, tables};
use crate::schema::EventId;

/// Steps that judging one event takes at most: one for each node, [`SEARCH_STEPS`] for a search in a table, one for each byte
/// that a pattern or a search within a text looks at. An event that would take more is kept.
pub const MAX_STEPS: u32 = 8192;

/// Steps that a search in a table counts for.
pub const SEARCH_STEPS: u32 = 16;

/// Where the values come from that a program asks for.
pub trait View {
    /// A number ([`super::Class::Number`]).
    fn number(&mut self, load: Load, param: u8) -> Known<u64>;

    /// A text ([`super::Class::Text`]).
    fn text(&mut self, load: Load, param: u8) -> Known<&[u8]>;

    /// An address ([`super::Class::Address`]).
    fn address(&mut self, load: Load, param: u8) -> Known<Ip>;
}

/// What comes of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Somebody may want it.
    Keep,
    /// Nobody can want it.
    Reject,
}

/// What an evaluation came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The end.
    Done(Verdict),
    /// A value that can be told later ([`Known::Later`]): go on when it can.
    Later,
}

/// An evaluation that is under way.
#[derive(Clone, Copy, Debug)]
pub struct Evaluation<'p> {
    program: &'p Program<'p>,
    nodes: &'p [Node],
    at: usize,
    left: u32,
}

/// What a test comes to.
enum Answer {
    Yes,
    No,
    Unknown,
    Later,
}

impl From<Option<bool>> for Answer {
    #[inline]
    fn from(answer: Option<bool>) -> Answer {
        match answer {
            Some(true) => Answer::Yes,
            Some(false) => Answer::No,
            None => Answer::Unknown,
        }
    }
}

impl<'p> Evaluation<'p> {
    /// Begins; `None` if the program keeps every event of the kind.
    #[inline]
    pub fn of(program: &'p Program<'p>, event: EventId) -> Option<Evaluation<'p>> {
        Some(Evaluation { program, nodes: program.section(event)?, at: 0, left: MAX_STEPS })
    }

    /// Goes on as far as it can. Steps are counted over all of one evaluation.
    pub fn go<V: View>(&mut self, view: &mut V) -> Step {
        loop {
            let Some(node) = self.nodes.get(self.at) else { return Step::Done(Verdict::Keep) };
            if !self.spend(1) {
                return Step::Done(Verdict::Keep);
            }
            let jump = match self.answer(node, view) {
                Answer::Yes => node.yes,
                Answer::No => node.no,
                Answer::Unknown => return Step::Done(Verdict::Keep),
                Answer::Later => return Step::Later,
            };
            match jump {
                KEEP => return Step::Done(Verdict::Keep),
                REJECT => return Step::Done(Verdict::Reject),
                skipped => self.at = self.at.saturating_add(1).saturating_add(usize::from(skipped)),
            }
        }
    }

    #[inline]
    fn spend(&mut self, steps: u32) -> bool {
        match self.left.checked_sub(steps) {
            Some(left) => {
                self.left = left;
                true
            }
            None => false,
        }
    }

    /// Numbers are what most events are decided by, and are tested here; everything else has a frame of its own.
    #[inline]
    fn answer<V: View>(&mut self, node: &Node, view: &mut V) -> Answer {
        if node.test == Test::Exists as u8 || node.test > Test::Among as u8 {
            return self.answer_other(node, view);
        }
        let Some(load) = Load::from_u8(node.load) else { return Answer::Unknown };
        match view.number(load, node.param) {
            Known::Is(number) => self.on_number(node, number),
            Known::Absent => Answer::No,
            Known::Unknown => Answer::Unknown,
            Known::Later => Answer::Later,
        }
    }

    #[inline(never)]
    fn answer_other<V: View>(&mut self, node: &Node, view: &mut V) -> Answer {
        let (Some(test), Some(load)) = (Test::from_u8(node.test), Load::from_u8(node.load)) else {
            return Answer::Unknown;
        };
        match test {
            Test::Exists => exists(view, load, node.param),
            Test::InNetworks => match view.address(load, node.param) {
                Known::Is(ip) => self.on_address(ip, node.operand).into(),
                Known::Absent => Answer::No,
                Known::Unknown => Answer::Unknown,
                Known::Later => Answer::Later,
            },
            _ => match view.text(load, node.param) {
                Known::Is(text) => self.on_text(test, part(node.part, text), node.operand).into(),
                Known::Absent => Answer::No,
                Known::Unknown => Answer::Unknown,
                Known::Later => Answer::Later,
            },
        }
    }

    #[inline]
    fn on_number(&mut self, node: &Node, number: u64) -> Answer {
        let operand = node.operand;
        let (low, high) = halves(operand);
        let holds = match Test::from_u8(node.test) {
            Some(Test::Equal) => number == operand,
            Some(Test::Below) => number < operand,
            Some(Test::AtMost) => number <= operand,
            Some(Test::BelowSigned) => number.cast_signed() < operand.cast_signed(),
            Some(Test::AtMostSigned) => number.cast_signed() <= operand.cast_signed(),
            Some(Test::AllBits) => number & operand == operand,
            Some(Test::AnyBits) => number & operand != 0,
            Some(Test::Masked) => number & u64::from(high) == u64::from(low),
            Some(Test::Among) => return self.is_among(low, number).into(),
            _ => return Answer::Unknown,
        };
        if holds { Answer::Yes } else { Answer::No }
    }

    #[inline(never)]
    fn is_among(&mut self, table: u32, number: u64) -> Option<bool> {
        if !self.spend(SEARCH_STEPS) {
            return None;
        }
        tables::has_number(self.program.table(table)?, number)
    }

    fn on_address(&mut self, ip: Ip, operand: u64) -> Option<bool> {
        let (v4, v6) = halves(operand);
        if !self.spend(SEARCH_STEPS) {
            return None;
        }
        let in_v4 =
            |address| if v4 == u32::MAX { Some(false) } else { tables::has_address4(self.program.table(v4)?, address) };
        match ip {
            Ip::V4(address) => in_v4(address),
            Ip::V6(address) => {
                if v6 != u32::MAX && tables::has_address6(self.program.table(v6)?, &address)? {
                    return Some(true);
                }
                match address {
                    [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d] => in_v4(u32::from_be_bytes([a, b, c, d])),
                    _ => Some(false),
                }
            }
        }
    }

    fn on_text(&mut self, test: Test, text: &[u8], operand: u64) -> Option<bool> {
        let (low, high) = halves(operand);
        let program = self.program;
        match test {
            Test::TextEqual => Some(text == program.text(low, high)?),
            Test::Prefix => Some(text.starts_with(program.text(low, high)?)),
            Test::Suffix => Some(text.ends_with(program.text(low, high)?)),
            Test::Contains => contains(text, program.text(low, high)?, &mut self.left),
            Test::Glob => glob(text, program.text(low, high)?, &mut self.left),
            Test::TextAmong if self.spend(SEARCH_STEPS) => tables::has_text(program.table(low)?, text),
            Test::PrefixAmong if self.spend(SEARCH_STEPS) => tables::has_prefix(program.table(low)?, text),
            Test::PathPrefixAmong if self.spend(SEARCH_STEPS) => tables::has_path_prefix(program.table(low)?, text),
            _ => None,
        }
    }
}

#[inline]
fn part(number: u8, text: &[u8]) -> &[u8] {
    if number == Part::Whole as u8 {
        return text;
    }
    Part::from_u8(number).unwrap_or_default().of(text)
}

fn exists<V: View>(view: &mut V, load: Load, param: u8) -> Answer {
    let known = match load.class() {
        super::Class::Number => view.number(load, param).map(|_| ()),
        super::Class::Text => view.text(load, param).map(|_| ()),
        super::Class::Address => view.address(load, param).map(|_| ()),
    };
    match known {
        Known::Is(()) => Answer::Yes,
        Known::Absent => Answer::No,
        Known::Unknown => Answer::Unknown,
        Known::Later => Answer::Later,
    }
}

/// Does `needle` lie in `text`? `None` if that takes more than `steps`.
fn contains(text: &[u8], needle: &[u8], steps: &mut u32) -> Option<bool> {
    let Some((&first, rest)) = needle.split_first() else { return Some(true) };
    let mut tail = text;
    while let Some((&byte, after)) = tail.split_first() {
        *steps = steps.checked_sub(1)?;
        if byte == first {
            *steps = steps.checked_sub(rest.len() as u32)?;
            if after.starts_with(rest) {
                return Some(true);
            }
        }
        tail = after;
    }
    Some(false)
}

/// Does the pattern match the whole text? `None` if that takes more than `steps`.
///
/// Only the last star is ever gone back to: what the ones before took cannot matter any more.
fn glob(text: &[u8], pattern: &[u8], steps: &mut u32) -> Option<bool> {
    let (mut at, mut in_pattern) = (0_usize, 0_usize);
    let mut star: Option<(usize, usize)> = None;
    while at < text.len() {
        *steps = steps.checked_sub(1)?;
        let byte = text.get(at);
        let matched = match pattern.get(in_pattern) {
            Some(b'*') => {
                in_pattern = in_pattern.saturating_add(1);
                star = Some((in_pattern, at));
                continue;
            }
            Some(b'?') => Some(1),
            Some(b'\\') => (pattern.get(in_pattern.saturating_add(1)) == byte).then_some(2),
            other => (other == byte).then_some(1),
        };
        match (matched, star) {
            (Some(len), _) => {
                at = at.saturating_add(1);
                in_pattern = in_pattern.saturating_add(len);
            }
            (None, Some((after, from))) => {
                in_pattern = after;
                at = from.saturating_add(1);
                star = Some((after, at));
            }
            (None, None) => return Some(false),
        }
    }
    Some(pattern.get(in_pattern..).is_some_and(|rest| rest.iter().all(|&b| b == b'*')))
}
