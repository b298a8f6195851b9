//! The evaluator: the same function in the kernel module, in other sources and in tests.

use super::program::{KEEP, Node, Program, REJECT, halves};
use super::{Class, Ip, Known, Load, Part, Test, tables};
use crate::schema::EventId;

/// Steps that judging one event takes at most: one for each node, [`SEARCH_STEPS`] for a search in a table, one for each byte
/// that a pattern or a search within a text may look at. An event that would take more is kept. What registers alone say
/// ([`super::early`]) is not counted: that is at most a turn for each node.
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

/// What registers alone say of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Early {
    /// Nobody can want it.
    Rejected,
    /// They do not say no.
    Undecided(Reached),
}

/// How far an evaluation came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reached {
    node: u32,
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
pub(super) enum Answer {
    /// It holds.
    Yes,
    /// It does not, or there is no value.
    No,
    /// It cannot be told.
    Unknown,
    /// It can be told later.
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
        Evaluation::from(program, event, Reached::default())
    }

    /// Goes on where registers did not say any more ([`super::early`]); `None` if the program keeps every event of the kind.
    #[inline]
    pub fn from(program: &'p Program<'p>, event: EventId, reached: Reached) -> Option<Evaluation<'p>> {
        Some(Evaluation { program, nodes: program.section(event)?, at: reached.node as usize, left: MAX_STEPS })
    }

    /// Asks registers alone: `number` gives the value of a load, by its number, if that is one of numbers that are in registers,
    /// and `None` for every other. It costs a few instructions a node, and none of the steps.
    #[inline]
    pub(super) fn early(program: &Program<'_>, event: EventId, number: impl Fn(u8, u8) -> Option<u64>) -> Early {
        let nodes = program.section(event).unwrap_or(&[]);
        let mut at = 0_usize;
        // Every node jumps forward, so that there are at most as many turns as nodes.
        while let Some(node) = nodes.get(at) {
            if node.test > Test::Masked as u8 {
                break;
            }
            let Some(number) = number(node.load, node.param) else { break };
            let holds = match Test::from_u8(node.test) {
                Some(Test::Exists) => true,
                Some(test) => match compared(test, number, node.operand) {
                    Some(holds) => holds,
                    None => break,
                },
                None => break,
            };
            match if holds { node.yes } else { node.no } {
                REJECT => return Early::Rejected,
                KEEP => at = nodes.len(),
                skipped => at = at.saturating_add(1).saturating_add(usize::from(skipped)),
            }
        }
        Early::Undecided(Reached { node: at as u32 })
    }

    /// Goes on as far as it can. Steps are counted over all of one evaluation.
    pub fn go<V: View>(&mut self, view: &mut V) -> Step {
        loop {
            let Some(node) = self.nodes.get(self.at) else { return Step::Done(Verdict::Keep) };
            if !self.spend(1) {
                return Step::Done(Verdict::Keep);
            }
            let step = match self.is_on_text(node) {
                true => self.texts(node, view),
                false => {
                    let answer = self.answer(node, view);
                    self.follow(node, answer)
                }
            };
            if let Some(step) = step {
                return step;
            }
        }
    }

    /// All nodes of the section.
    pub(super) fn nodes(&self) -> &'p [Node] {
        self.nodes
    }

    /// The test of one node, by itself.
    pub(super) fn alone<V: View>(&mut self, node: &Node, view: &mut V) -> Answer {
        if !self.spend(1) {
            return Answer::Unknown;
        }
        if !self.is_on_text(node) {
            return self.answer(node, view);
        }
        let (Some(test), Some(load)) = (Test::from_u8(node.test), Load::from_u8(node.load)) else {
            return Answer::Unknown;
        };
        match view.text(load, node.param) {
            Known::Is(text) => {
                let part = Part::from_u8(node.part).unwrap_or_default().of(text);
                self.on_text(test, part, node.operand).into()
            }
            Known::Absent => Answer::No,
            Known::Unknown => Answer::Unknown,
            Known::Later => Answer::Later,
        }
    }

    /// Goes where an answer leads; a step if the evaluation stops there.
    #[inline]
    fn follow(&mut self, node: &Node, answer: Answer) -> Option<Step> {
        let jump = match answer {
            Answer::Yes => node.yes,
            Answer::No => node.no,
            Answer::Unknown => return Some(Step::Done(Verdict::Keep)),
            Answer::Later => return Some(Step::Later),
        };
        match jump {
            KEEP => Some(Step::Done(Verdict::Keep)),
            REJECT => Some(Step::Done(Verdict::Reject)),
            skipped => {
                self.at = self.at.saturating_add(1).saturating_add(usize::from(skipped));
                None
            }
        }
    }

    #[inline]
    fn is_on_text(&self, node: &Node) -> bool {
        (Test::TextEqual as u8..=Test::PathPrefixAmong as u8).contains(&node.test)
    }

    /// Tests of one text that follow one another: the text is fetched once. A step if the evaluation stops at one of them.
    #[inline(never)]
    fn texts<V: View>(&mut self, first: &'p Node, view: &mut V) -> Option<Step> {
        let Some(load) = Load::from_u8(first.load).filter(|load| load.class() == Class::Text) else {
            return Some(Step::Done(Verdict::Keep));
        };
        let text = match view.text(load, first.param) {
            Known::Is(text) => text,
            Known::Absent => return self.follow(first, Answer::No),
            Known::Unknown => return Some(Step::Done(Verdict::Keep)),
            Known::Later => return Some(Step::Later),
        };
        let mut slash = None;
        let mut node = first;
        loop {
            let part = match Part::from_u8(node.part).unwrap_or_default() {
                Part::Whole => text,
                part => part.cut(text, *slash.get_or_insert_with(|| last_slash(text))),
            };
            let answer = match Test::from_u8(node.test) {
                Some(test) => self.on_text(test, part, node.operand).into(),
                None => Answer::Unknown,
            };
            if let Some(step) = self.follow(node, answer) {
                return Some(step);
            }
            node = self.nodes.get(self.at)?;
            if !self.is_on_text(node) || node.load != first.load || node.param != first.param {
                return None;
            }
            if !self.spend(1) {
                return Some(Step::Done(Verdict::Keep));
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
            _ => Answer::Unknown,
        }
    }

    #[inline]
    fn on_number(&mut self, node: &Node, number: u64) -> Answer {
        match Test::from_u8(node.test) {
            Some(Test::Among) => self.is_among(halves(node.operand).0, number).into(),
            Some(test) => compared(test, number, node.operand).into(),
            None => Answer::Unknown,
        }
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

/// A number compared with an operand; `None` if that is not what the test does.
#[inline]
fn compared(test: Test, number: u64, operand: u64) -> Option<bool> {
    let (low, high) = halves(operand);
    Some(match test {
        Test::Equal => number == operand,
        Test::Below => number < operand,
        Test::AtMost => number <= operand,
        Test::BelowSigned => number.cast_signed() < operand.cast_signed(),
        Test::AtMostSigned => number.cast_signed() <= operand.cast_signed(),
        Test::AllBits => number & operand == operand,
        Test::AnyBits => number & operand != 0,
        Test::Masked => number & u64::from(high) == u64::from(low),
        _ => return None,
    })
}

fn last_slash(text: &[u8]) -> Option<usize> {
    text.iter().rposition(|&b| b == b'/')
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
    *steps = steps.checked_sub(text.len() as u32)?;
    let mut tail = text;
    while let Some((&byte, after)) = tail.split_first() {
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
