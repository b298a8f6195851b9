//! The prefilter's program in the form that the probe evaluates ([`kestrel_core::capture::judge`]).
//!
//! What that form cannot say, keeps the event: never does the probe reject what the program would keep.

use super::marks::{How, Marks};
use super::plan::Texts;
use kestrel_core::capture::judge::{
    self, JudgeNode, TextKey, TextMarks, compare, name_bit, pair_bit, part, value, width,
};
use kestrel_core::event::{Flags, TaskContext};
use kestrel_core::filter::{self, Load, Node, Part, Program, Test};
use kestrel_core::schema::{EventId, From, recipe};
use std::collections::BTreeMap;
use std::mem::offset_of;

/// What the probe is given.
#[derive(Debug, Default)]
pub struct Judgement {
    /// Every event's nodes.
    pub nodes: Vec<JudgeNode>,
    /// The texts that they compare with.
    pub texts: Vec<(TextKey, TextMarks)>,
    events: BTreeMap<u16, Entry>,
}

/// Where an event's nodes begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The number of the first node.
    pub first: u16,
    /// They ask for the context of the task.
    pub by_task: bool,
}

impl Judgement {
    /// By what an event is judged; `None` if it is kept.
    pub fn of(&self, event: u16) -> Option<Entry> {
        self.events.get(&event).copied()
    }

    /// A program as nodes that are numbered from `base` on, with tables of texts from `table` on. What there is no room for is
    /// kept.
    pub fn new(program: &Program<'_>, base: u16, table: u32) -> Judgement {
        let mut all = Judgement::default();
        for (event, n) in kestrel_core::schema::EVENTS.iter().zip(0u16..).map(|(_, n)| (EventId(n), n)) {
            let Some(section) = program.section(event) else { continue };
            let table = table + u32::from(n) * TABLES;
            let mut of_event = OfEvent::new(program, event);
            let nodes = of_event.nodes(section);
            let texts = of_event.texts(table);
            let room = all.nodes.len() + nodes.len() < judge::NODES as usize
                && all.texts.len() + texts.len() <= judge::MOST_TEXTS as usize / 2;
            let Some(first) =
                u16::try_from(all.nodes.len() + 1).ok().and_then(|n| n.checked_add(base)).filter(|_| room)
            else {
                log::info!(
                    "prefilter: too much for the eBPF probe: {} is not judged",
                    kestrel_core::schema::EVENTS[usize::from(n)].name
                );
                continue;
            };
            let pairs = if nodes.iter().any(asks_for_pairs) { judge::PAIRS } else { 0 };
            all.nodes.push(JudgeNode { yes: of_event.parts() | pairs, operand: table.into(), ..JudgeNode::default() });
            all.nodes.extend(nodes);
            all.texts.extend(texts);
            all.events.insert(n, Entry { first, by_task: of_event.by_task });
        }
        all
    }
}

/// Does a node compare the pairs of bytes in the caller's string, or in the path that it is?
fn asks_for_pairs(node: &JudgeNode) -> bool {
    [value::STRING_PAIRS, value::MEANT_PAIRS].iter().any(|first| (*first..first + 2).contains(&node.value))
}

/// Tables of an event: of each part of the path, and of the string.
pub const TABLES: u32 = 2 * part::COUNT;

/// Where a node that is not yet placed leads to.
#[derive(Clone, Copy)]
enum Target {
    Keep,
    Reject,
    /// The nodes that this one of the program became.
    Node(usize),
    /// The node that follows.
    Next,
    /// The one after so many that follow.
    Behind(usize),
}

/// How the calls ended that get to a node of the program.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Ends {
    done: bool,
    failed: bool,
}

impl Ends {
    const DONE: Ends = Ends { done: true, failed: false };
    const FAILED: Ends = Ends { done: false, failed: true };
    const ANY: Ends = Ends { done: true, failed: true };

    fn and(self, other: Ends) -> Ends {
        Ends { done: self.done && other.done, failed: self.failed && other.failed }
    }

    fn or(self, other: Ends) -> Ends {
        Ends { done: self.done || other.done, failed: self.failed || other.failed }
    }
}

/// The texts that the probe looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Family {
    /// The descriptor's path.
    Path,
    /// The caller's string.
    String,
    /// The absolute path that the caller's string is.
    Meant,
}

impl Family {
    /// Its first value.
    fn base(self) -> u8 {
        match self {
            Family::Path => value::PATH,
            Family::String => value::STRING,
            Family::Meant => value::MEANT,
        }
    }

    /// Its first table: what the caller means is looked for where the string is.
    fn tables(self) -> u32 {
        if self == Family::Path { 0 } else { part::COUNT }
    }
}

/// A node whose targets are not yet placed.
struct Placed {
    node: JudgeNode,
    yes: Target,
    no: Target,
}

impl Placed {
    fn compare(value: (u8, u8), compare: u8, operand: u64, yes: Target, no: Target) -> Placed {
        Placed { node: JudgeNode { value: value.0, width: value.1, compare, operand, ..JudgeNode::default() }, yes, no }
    }

    fn always(to: Target) -> Vec<Placed> {
        vec![Placed::compare((value::FLAGS, width::WHOLE), compare::ALWAYS, 0, to, to)]
    }
}

/// One event's nodes in the making.
struct OfEvent<'p> {
    program: &'p Program<'p>,
    sources: &'static [From],
    known: Texts,
    marks: [Marks<'p>; TABLES as usize],
    by_task: bool,
}

impl<'p> OfEvent<'p> {
    fn new(program: &'p Program<'p>, event: EventId) -> OfEvent<'p> {
        let sources = recipe(event).map_or(&[][..], |recipe| recipe.sources);
        OfEvent { program, sources, known: Texts::of(event), marks: Default::default(), by_task: false }
    }

    /// A bit for each table that there is.
    fn parts(&self) -> u16 {
        self.marks.iter().zip(0..).filter(|(marks, _)| !marks.is_empty()).map(|(_, n)| 1 << n).sum()
    }

    fn texts(&self, table: u32) -> Vec<(TextKey, TextMarks)> {
        self.marks.iter().zip(table..).flat_map(|(marks, table)| marks.entries(table)).collect()
    }

    fn nodes(&mut self, section: &[Node]) -> Vec<JudgeNode> {
        let mut ends = vec![Ends::default(); section.len()];
        if let Some(first) = ends.first_mut() {
            *first = Ends::ANY;
        }
        let mut groups: Vec<Vec<Placed>> = Vec::new();
        for (n, node) in section.iter().enumerate() {
            let target = |jump: u16| match jump {
                filter::KEEP => Target::Keep,
                filter::REJECT => Target::Reject,
                skip => Target::Node(n + 1 + usize::from(skip)),
            };
            let (yes, no) = (target(node.yes), target(node.no));
            let here = ends.get(n).copied().unwrap_or(Ends::ANY);
            let (if_yes, if_no) = if self.asks_for_failure(node) { (Ends::FAILED, Ends::DONE) } else { (here, here) };
            for (to, how) in [(yes, if_yes), (no, if_no)] {
                if let Target::Node(to) = to
                    && let Some(ends) = ends.get_mut(to)
                {
                    *ends = ends.or(here.and(how));
                }
            }
            groups.push(self.node(node, here, yes, no));
        }
        let mut starts = Vec::new();
        let mut len = 0;
        for group in &groups {
            starts.push(len);
            len += group.len();
        }
        let place = |at: usize, to: Target| match to {
            Target::Keep => judge::KEEP,
            Target::Reject => judge::REJECT,
            Target::Next => 0,
            Target::Behind(skip) => u16::try_from(skip).unwrap_or(judge::KEEP),
            Target::Node(n) => starts.get(n).and_then(|to| u16::try_from(to - at - 1).ok()).unwrap_or(judge::KEEP),
        };
        let all = groups.into_iter().flatten().enumerate();
        all.map(|(at, Placed { node, yes, no })| JudgeNode { yes: place(at, yes), no: place(at, no), ..node }).collect()
    }

    /// True of a test that holds if the call failed, and only then.
    fn asks_for_failure(&self, node: &Node) -> bool {
        let source = self.sources.get(usize::from(node.param));
        match (Load::from_u8(node.load), Test::from_u8(node.test), source) {
            (Some(Load::Flags), Some(Test::AnyBits | Test::AllBits), _) => node.operand == u64::from(Flags::FAILED.0),
            (Some(Load::Number), Some(Test::BelowSigned), Some(From::Return))
            | (Some(Load::FdNumber), Some(Test::BelowSigned), Some(From::ReturnFd)) => node.operand == 0,
            _ => false,
        }
    }

    fn node(&mut self, node: &Node, ends: Ends, yes: Target, no: Target) -> Vec<Placed> {
        let (Some(load), Some(test)) = (Load::from_u8(node.load), Test::from_u8(node.test)) else {
            return Placed::always(Target::Keep);
        };
        let made = match load.class() {
            filter::Class::Number => self.number(load, test, node, yes, no),
            filter::Class::Text => self.text(load, test, node, ends, yes, no),
            filter::Class::Address => None,
        };
        made.unwrap_or_else(|| Placed::always(Target::Keep))
    }

    /// The value that a load of a number is, and how wide.
    fn value(&mut self, load: Load, param: u8) -> Option<(u8, u8)> {
        let source = self.sources.get(usize::from(param));
        if let Some(offset) = of_task(load) {
            self.by_task = true;
            let word = u8::try_from((offset - offset_of!(TaskContext, tid)) / size_of::<u32>() + 4).ok()?;
            return Some((value::TASK | word, width::UNSIGNED));
        }
        Some(match (load, source?) {
            (Load::Flags, _) => (value::FLAGS, width::WHOLE),
            (Load::Number, From::Return) => (value::RETURNED, width::WHOLE),
            (Load::Number, From::Int(n)) => (value::ARGUMENTS + n, width::SIGNED),
            (Load::Number, From::Uint(n)) => (value::ARGUMENTS + n, width::UNSIGNED),
            (Load::Number, From::Long(n)) => (value::ARGUMENTS + n, width::WHOLE),
            (Load::FdNumber, From::ReturnFd) => (value::RETURNED, width::SIGNED),
            (Load::FdNumber, From::Fd(n) | From::ClosedFd(n) | From::DirFd(n)) => (value::ARGUMENTS + n, width::SIGNED),
            (Load::FdKind, From::ReturnFd | From::Fd(_)) if self.known.fd == Some(param) => (value::KIND, width::WHOLE),
            _ => return None,
        })
    }

    fn number(&mut self, load: Load, test: Test, node: &Node, yes: Target, no: Target) -> Option<Vec<Placed>> {
        let value = self.value(load, node.param)?;
        match test {
            // What is no register may be absent.
            Test::Exists => (value.0 < value::KIND || value.0 & value::TASK != 0).then(|| Placed::always(yes)),
            Test::Among => Some(among(value, self.program.numbers(node), yes, no)),
            _ => Some(vec![Placed::compare(value, compare_of(test)?, node.operand, yes, no)]),
        }
    }

    /// The text that a load is, of calls that ended so.
    fn family(&self, load: Load, param: u8, ends: Ends) -> Option<Family> {
        let source = self.sources.get(usize::from(param))?;
        let is_string = self.known.string.is_some_and(|(known, _)| known == param);
        match load {
            Load::FdPath => (self.known.fd == Some(param)).then_some(Family::Path),
            // The first of the parameters is what was opened, if it was.
            Load::Path if matches!(source, From::Opened { .. }) && ends != Ends::FAILED => {
                let opened = matches!(self.sources.first(), Some(From::ReturnFd)) && ends == Ends::DONE;
                (opened && self.known.fd == Some(0)).then_some(Family::Path)
            }
            Load::Path => is_string.then_some(Family::Meant),
            Load::RawPath | Load::String => is_string.then_some(Family::String),
            _ => None,
        }
    }

    fn text(
        &mut self,
        load: Load,
        test: Test,
        node: &Node,
        ends: Ends,
        yes: Target,
        no: Target,
    ) -> Option<Vec<Placed>> {
        let source = self.sources.get(usize::from(node.param))?;
        if load == Load::Path && matches!(source, From::Opened { .. }) && ends == Ends::ANY {
            // It is one text or the other.
            let [failed, done] = [Ends::FAILED, Ends::DONE].map(|ends| {
                let made = self.text(load, test, node, ends, yes, no);
                made.unwrap_or_else(|| Placed::always(Target::Keep))
            });
            let is_failed = (value::FLAGS, width::WHOLE);
            let (flag, others) = (u64::from(Flags::FAILED.0), Target::Behind(failed.len()));
            let which = Placed::compare(is_failed, compare::ANY_BITS, flag, Target::Next, others);
            return Some([vec![which], failed, done].into_iter().flatten().collect());
        }
        let family = self.family(load, node.param, ends)?;
        let part = match self.program.part(node)? {
            Part::Whole => part::WHOLE,
            Part::Name => part::NAME,
            Part::Directory => part::DIRECTORY,
        };
        // Of the parts of the caller's string the probe knows nothing.
        if family == Family::String && part != part::WHOLE {
            return None;
        }
        let program = self.program;
        let texts: Vec<&'p [u8]> = program.texts(node).collect();
        let first = texts.first().copied().unwrap_or_default();
        match test {
            Test::TextEqual | Test::TextAmong => self.marked(family, part, How::Equal, texts, yes, no),
            Test::Prefix | Test::PrefixAmong => self.marked(family, part, How::Prefix, texts, yes, no),
            Test::PathPrefixAmong => self.marked(family, part, How::Below, texts, yes, no),
            Test::Glob => {
                let nodes = self.glob(family, part, first, no);
                (!nodes.is_empty()).then_some(nodes)
            }
            // It ends with this name, or it does not end so.
            Test::Suffix if family != Family::String && part == part::WHOLE => {
                let slash = first.iter().rposition(|&b| b == b'/')?;
                let name = first.get(slash + 1..).unwrap_or_default();
                self.marked(family, part::NAME, How::Equal, vec![name], Target::Keep, no)
            }
            Test::Contains if part == part::WHOLE => {
                let nodes = match family {
                    Family::Path => of_names(first, no),
                    Family::String => of_pairs(first, value::STRING_PAIRS, no),
                    Family::Meant => of_pairs(first, value::MEANT_PAIRS, no),
                };
                (!nodes.is_empty()).then_some(nodes)
            }
            _ => None,
        }
    }

    /// A text that matches begins with what comes before the first wildcard; a path has the names that stand between slashes of
    /// the pattern, and ends with the name that the pattern ends with.
    fn glob(&mut self, family: Family, part: u32, pattern: &'p [u8], no: Target) -> Vec<Placed> {
        let wild = |b: &u8| matches!(b, b'*' | b'?' | b'\\');
        let literal = pattern.split(wild).next().unwrap_or_default();
        let literal = literal.get(..judge::TEXT).unwrap_or(literal);
        let mut nodes = Vec::new();
        if !literal.is_empty() {
            nodes.extend(self.marked(family, part, How::Prefix, vec![literal], Target::Next, no).unwrap_or_default());
        }
        if family != Family::String && part == part::WHOLE {
            let mut names: Vec<&[u8]> = pattern.split(|&b| b == b'/').skip(1).collect();
            if let Some(last) = names.pop().filter(|last| !last.is_empty() && !last.iter().any(wild)) {
                let last = self.marked(family, part::NAME, How::Equal, vec![last], Target::Next, no);
                nodes.extend(last.unwrap_or_default());
            }
            let bits = names.iter().filter(|name| !name.iter().any(wild)).fold(0, |bits, name| bits | bit_of(name));
            if family == Family::Path && bits != 0 {
                let names = (value::PATH_NAMES, width::WHOLE);
                nodes.push(Placed::compare(names, compare::ALL_BITS, bits, Target::Next, no));
            }
        }
        if let Some(last) = nodes.last_mut() {
            last.yes = Target::Keep;
        }
        nodes
    }

    fn marked(
        &mut self,
        family: Family,
        part: u32,
        how: How,
        texts: Vec<&'p [u8]>,
        yes: Target,
        no: Target,
    ) -> Option<Vec<Placed>> {
        let mark = self.marks.get_mut((family.tables() + part) as usize)?.mark(how, texts)?;
        let word = family.base() + 2 * u8::try_from(part).ok()? + u8::try_from(mark / 64).ok()?;
        Some(vec![Placed::compare((word, width::WHOLE), compare::ANY_BITS, 1 << (mark % 64), yes, no)])
    }
}

fn bit_of(name: &[u8]) -> u64 {
    let mut first = [0; 8];
    first.iter_mut().zip(name).for_each(|(to, from)| *to = *from);
    name_bit(u64::from_le_bytes(first))
}

/// A path that contains the text has every name of it that stands between slashes.
fn of_names(text: &[u8], no: Target) -> Vec<Placed> {
    let mut names: Vec<&[u8]> = text.split(|&b| b == b'/').skip(1).collect();
    names.pop();
    let bits = names.iter().fold(0, |bits, name| bits | bit_of(name));
    if names.is_empty() {
        return Vec::new();
    }
    vec![Placed::compare((value::PATH_NAMES, width::WHOLE), compare::ALL_BITS, bits, Target::Keep, no)]
}

/// A string that contains the text has every pair of its bytes.
fn of_pairs(text: &[u8], values: u8, no: Target) -> Vec<Placed> {
    let mut bits = [0u64; 2];
    for pair in text.windows(2) {
        let bit = pair_bit(pair[0], pair[1]);
        bits[(bit / 64) as usize] |= 1 << (bit % 64);
    }
    if bits == [0; 2] {
        return Vec::new();
    }
    vec![
        Placed::compare((values, width::WHOLE), compare::ALL_BITS, bits[0], Target::Next, no),
        Placed::compare((values + 1, width::WHOLE), compare::ALL_BITS, bits[1], Target::Keep, no),
    ]
}

/// One of these numbers.
fn among(value: (u8, u8), numbers: &[u64], yes: Target, no: Target) -> Vec<Placed> {
    // Whether there is a value at all is not asked here.
    let Some((last, others)) = numbers.split_last() else { return Placed::always(Target::Keep) };
    let test = |number: &u64, no| Placed::compare(value, compare::EQUAL, *number, yes, no);
    others.iter().map(|number| test(number, Target::Next)).chain([test(last, no)]).collect()
}

/// The comparison that a test of a number is.
fn compare_of(test: Test) -> Option<u8> {
    Some(match test {
        Test::Equal => compare::EQUAL,
        Test::Below => compare::BELOW,
        Test::AtMost => compare::AT_MOST,
        Test::BelowSigned => compare::BELOW_SIGNED,
        Test::AtMostSigned => compare::AT_MOST_SIGNED,
        Test::AllBits => compare::ALL_BITS,
        Test::AnyBits => compare::ANY_BITS,
        Test::Masked => compare::MASKED,
        _ => return None,
    })
}

/// Does the comparison hold? As the probe has it.
#[cfg(test)]
pub(super) fn holds(how: u8, number: u64, operand: u64) -> bool {
    match how {
        compare::ALWAYS => true,
        compare::EQUAL => number == operand,
        compare::BELOW => number < operand,
        compare::AT_MOST => number <= operand,
        compare::BELOW_SIGNED => number.cast_signed() < operand.cast_signed(),
        compare::AT_MOST_SIGNED => number.cast_signed() <= operand.cast_signed(),
        compare::ALL_BITS => number & operand == operand,
        compare::ANY_BITS => number & operand != 0,
        _ => number & (operand >> 32) == operand & 0xffff_ffff,
    }
}

/// Where a number of 32 bits lies in the context of the task.
fn of_task(load: Load) -> Option<usize> {
    Some(match load {
        Load::Tid => offset_of!(TaskContext, tid),
        Load::Pid => offset_of!(TaskContext, pid),
        Load::Ppid => offset_of!(TaskContext, ppid),
        Load::Uid => offset_of!(TaskContext, uid),
        Load::Euid => offset_of!(TaskContext, euid),
        Load::Gid => offset_of!(TaskContext, gid),
        Load::Egid => offset_of!(TaskContext, egid),
        Load::LoginUid => offset_of!(TaskContext, loginuid),
        Load::Sid => offset_of!(TaskContext, sid),
        Load::Pgid => offset_of!(TaskContext, pgid),
        Load::Tty => offset_of!(TaskContext, tty),
        Load::MntNs => offset_of!(TaskContext, mnt_ns),
        Load::PidNs => offset_of!(TaskContext, pid_ns),
        Load::Vtid => offset_of!(TaskContext, vtid),
        Load::Vpid => offset_of!(TaskContext, vpid),
        Load::Vpgid => offset_of!(TaskContext, vpgid),
        _ => return None,
    })
}
