//! The evaluator: the same function in the kernel module, in other sources and in tests.

use super::program::{KEEP, Node, Program, REJECT, halves};
use super::{Class, Ip, Known, Load, MAX_GENERATION, Part, Registers, Test, place, tables};
use crate::schema::EventId;

/// Steps that judging one event takes at most: one for each node, [`SEARCH_STEPS`] for a search in a table, one for each byte
/// that a pattern or a search within a text may look at. An event that would take more is kept. What registers alone say
/// ([`Evaluation::early`]) is not counted: that is at most a turn for each node.
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
    /// It is wanted, whatever else it says.
    Kept,
    /// They say neither.
    Undecided(Reached),
}

/// How far an evaluation came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reached {
    node: u32,
    left: u32,
}

impl Default for Reached {
    /// Nowhere yet.
    fn default() -> Reached {
        Reached { node: 0, left: MAX_STEPS }
    }
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
    #[inline]
    pub(super) fn next_node(&self) -> Option<&'p Node> {
        self.nodes.get(self.at)
    }

    /// A test of a number that is known without a record. A step if the evaluation stops there.
    #[inline(always)]
    pub(super) fn on_number_at(&mut self, node: &Node, number: u64) -> Option<Step> {
        if !self.spend(1) {
            return Some(Step::Done(Verdict::Keep));
        }
        let answer = self.on_number(node, number);
        self.follow(node, answer)
    }

    /// True if what comes next is a value of a parameter, which there must be room for.
    #[inline]
    pub fn needs_room(&self) -> bool {
        self.nodes.get(self.at).is_some_and(|node| node.load >= Load::FdNumber as u8)
    }

    /// Begins; `None` if the program keeps every event of the kind.
    #[inline]
    pub fn of(program: &'p Program<'p>, event: EventId) -> Option<Evaluation<'p>> {
        Evaluation::from(program, event, Reached::default())
    }

    /// Goes on where registers did not say any more ([`Evaluation::early`]); `None` if the program keeps every event of the kind.
    #[inline]
    pub fn from(program: &'p Program<'p>, event: EventId, reached: Reached) -> Option<Evaluation<'p>> {
        Some(Evaluation { program, nodes: program.nodes_of(event)?, at: reached.node as usize, left: reached.left })
    }

    /// Asks the registers of a call by the native table, which is no request of io_uring: before room is reserved, a lock taken
    /// or anything copied. What they leave undecided, [`Evaluation::from`] goes on with. It costs a few instructions a node, and
    /// none of the steps.
    #[inline]
    pub fn early(program: &Program<'_>, event: EventId, registers: &Registers) -> Early {
        let Some(nodes) = program.nodes_of(event) else { return Early::Kept };
        let mut at = 0_usize;
        // Every node jumps forward and within its section, so that there are at most as many turns as nodes.
        loop {
            let Some(node) = nodes.get(at) else { return Early::Kept };
            let Some(number) = registers.at(node.part) else { break };
            let Some(holds) = compared(node, number) else { break };
            match if holds { node.yes } else { node.no } {
                REJECT => return Early::Rejected,
                KEEP => return Early::Kept,
                skipped => at = at.wrapping_add(1).wrapping_add(usize::from(skipped)),
            }
        }
        Early::Undecided(Reached { node: at as u32, left: MAX_STEPS })
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
        let Some(load) = Load::from_u8(node.load) else { return Answer::Unknown };
        if is_of_any_ancestor(load, node) {
            return self.any_ancestor(node, view);
        }
        match view.text(load, node.param) {
            Known::Is(text) => {
                let part = place::part(node).unwrap_or_default().of(text);
                self.on_text(node, part).into()
            }
            Known::Absent => Answer::No,
            Known::Unknown => Answer::Unknown,
            Known::Later => Answer::Later,
        }
    }

    /// Goes where an answer leads; a step if the evaluation stops there.
    #[inline(always)]
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
    pub(super) fn is_on_text(&self, node: &Node) -> bool {
        (Test::TextEqual as u8..=Test::PathPrefixAmong as u8).contains(&node.test)
    }

    /// Tests of one text that follow one another: the text is fetched once. A step if the evaluation stops at one of them.
    #[inline(never)]
    fn texts<V: View>(&mut self, first: &'p Node, view: &mut V) -> Option<Step> {
        let Some(load) = Load::from_u8(first.load).filter(|load| load.class() == Class::Text) else {
            return Some(Step::Done(Verdict::Keep));
        };
        if is_of_any_ancestor(load, first) {
            let answer = self.any_ancestor(first, view);
            return self.follow(first, answer);
        }
        let text = match view.text(load, first.param) {
            Known::Is(text) => text,
            Known::Absent => return self.follow(first, Answer::No),
            Known::Unknown => return Some(Step::Done(Verdict::Keep)),
            Known::Later => return Some(Step::Later),
        };
        self.run(first, text)
    }

    /// A test of the names of all ancestors, of which one is enough.
    #[inline(never)]
    fn any_ancestor<V: View>(&mut self, node: &Node, view: &mut V) -> Answer {
        for generation in 1..=MAX_GENERATION {
            if !self.spend(1) {
                return Answer::Unknown;
            }
            let holds = match view.text(Load::AncestorName, generation) {
                Known::Is(name) => self.on_text(node, name),
                Known::Absent => return Answer::No,
                Known::Unknown => return Answer::Unknown,
                Known::Later => return Answer::Later,
            };
            match holds {
                Some(false) => {}
                other => return other.into(),
            }
        }
        Answer::Unknown
    }

    /// The tests of one text that follow one another. A step if the evaluation stops at one of them.
    #[inline]
    pub(super) fn run(&mut self, first: &'p Node, text: &[u8]) -> Option<Step> {
        let mut slash = None;
        let mut node = first;
        loop {
            let part = match place::part(node) {
                Some(Part::Whole) => text,
                part => part.unwrap_or_default().cut(text, *slash.get_or_insert_with(|| last_slash(text))),
            };
            let answer = self.on_text(node, part);
            if let Some(step) = self.follow(node, answer.into()) {
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
    pub(super) fn spend(&mut self, steps: u32) -> bool {
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

    #[inline(always)]
    fn on_number(&mut self, node: &Node, number: u64) -> Answer {
        if node.test == Test::Among as u8 {
            return self.is_among(halves(node.operand).0, number).into();
        }
        compared(node, number).into()
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

    #[inline]
    fn on_text(&mut self, node: &Node, text: &[u8]) -> Option<bool> {
        let (low, high) = halves(node.operand);
        let program = self.program;
        const EQUAL: u8 = Test::TextEqual as u8;
        const PREFIX: u8 = Test::Prefix as u8;
        const SUFFIX: u8 = Test::Suffix as u8;
        const CONTAINS: u8 = Test::Contains as u8;
        const GLOB: u8 = Test::Glob as u8;
        const AMONG: u8 = Test::TextAmong as u8;
        const PREFIX_AMONG: u8 = Test::PrefixAmong as u8;
        const PATH_PREFIX_AMONG: u8 = Test::PathPrefixAmong as u8;
        match node.test {
            AMONG | PREFIX_AMONG | PATH_PREFIX_AMONG if !self.spend(SEARCH_STEPS) => None,
            AMONG => tables::has_text(program.table(low)?, text),
            PREFIX_AMONG => tables::has_prefix(program.table(low)?, text),
            PATH_PREFIX_AMONG => tables::has_path_prefix(program.table(low)?, text),
            EQUAL => Some(text == program.text(low, high)?),
            PREFIX => Some(text.starts_with(program.text(low, high)?)),
            SUFFIX => Some(text.ends_with(program.text(low, high)?)),
            CONTAINS => contains(text, program.text(low, high)?, &mut self.left),
            GLOB => glob(text, program.text(low, high)?, &mut self.left),
            _ => None,
        }
    }
}

/// A number compared with a node's operand; `None` if that is not what the test does.
#[inline]
fn compared(node: &Node, number: u64) -> Option<bool> {
    const EXISTS: u8 = Test::Exists as u8;
    const EQUAL: u8 = Test::Equal as u8;
    const BELOW: u8 = Test::Below as u8;
    const AT_MOST: u8 = Test::AtMost as u8;
    const BELOW_SIGNED: u8 = Test::BelowSigned as u8;
    const AT_MOST_SIGNED: u8 = Test::AtMostSigned as u8;
    const ALL_BITS: u8 = Test::AllBits as u8;
    const ANY_BITS: u8 = Test::AnyBits as u8;
    const MASKED: u8 = Test::Masked as u8;
    let operand = node.operand;
    let (low, high) = halves(operand);
    Some(match node.test {
        EXISTS => true,
        EQUAL => number == operand,
        BELOW => number < operand,
        AT_MOST => number <= operand,
        BELOW_SIGNED => number.cast_signed() < operand.cast_signed(),
        AT_MOST_SIGNED => number.cast_signed() <= operand.cast_signed(),
        ALL_BITS => number & operand == operand,
        ANY_BITS => number & operand != 0,
        MASKED => number & u64::from(high) == u64::from(low),
        _ => return None,
    })
}

#[inline]
fn is_of_any_ancestor(load: Load, node: &Node) -> bool {
    load as u8 == Load::AncestorName as u8 && node.param == 0
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
#[inline(never)]
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
#[inline(never)]
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
