//! What a condition needs: facts about an event of which at least one holds whenever the condition does.
//!
//! Only what can be looked up counts. A condition may need more than one such set of facts; the few that are most telling
//! are kept, so that rules can share a table with others.

use crate::field::FieldFlags;
use crate::plan::{
    End, Literal, Needed, Node, NodeId, Operand, OperandId, Predicate, Prefix, Program, Specializer, Test, TextSet,
};
use crate::syntax::Op;
use hashbrown::HashMap;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// Facts of one need, at most.
const MAX_KEYS: usize = 256;
/// A set of texts that is larger is one fact.
const MAX_TEXTS: usize = 128;
/// Needs of one condition that are kept.
const MAX_NEEDS: usize = 4;
/// What holds more often is nothing to find a rule by.
const TELLING: f32 = 0.5;
/// Parts of a condition that are looked at.
const MAX_PARTS: usize = 4_096;

/// What can be looked up of a value.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Key {
    /// It is this text.
    Equal(Box<[u8]>),
    /// It is in this set of texts.
    Among(SharedSet),
    /// It begins with this.
    Front(Box<[u8]>),
    /// It ends with this.
    Back(Box<[u8]>),
    /// It contains this.
    Inside(Box<[u8]>),
    /// It contains this, whether in capital letters or not.
    InsideAnyCase(Box<[u8]>),
    /// It is a path that begins with this, unless a slash is doubled in it.
    Path(Box<[u8]>),
    /// It is this number.
    Number(i128),
    /// It is an address in this network.
    Network(Prefix),
}

/// Kinds of keys: each has a table of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    Equal,
    Among,
    Front,
    Back,
    Inside,
    InsideAnyCase,
    Path,
    Number,
    Network,
}

impl Key {
    /// Its kind.
    pub fn kind(&self) -> Kind {
        match self {
            Key::Equal(_) => Kind::Equal,
            Key::Among(_) => Kind::Among,
            Key::Front(_) => Kind::Front,
            Key::Back(_) => Kind::Back,
            Key::Inside(_) => Kind::Inside,
            Key::InsideAnyCase(_) => Kind::InsideAnyCase,
            Key::Path(_) => Kind::Path,
            Key::Number(_) => Kind::Number,
            Key::Network(_) => Kind::Network,
        }
    }

    /// How often it is expected to hold and what it costs to find that out, in no unit: less is better.
    fn weight(&self) -> u32 {
        let of_part = |text: &[u8], base: u32| if text.len() < 3 { 16 * base } else { base };
        match self {
            Key::Equal(_) | Key::Number(_) => 2,
            Key::Among(_) => 8,
            Key::Front(text) | Key::Path(text) => of_part(text, 4),
            Key::Back(text) => of_part(text, 5),
            Key::Inside(text) => of_part(text, 8),
            Key::InsideAnyCase(text) => of_part(text, 10),
            Key::Network(prefix) => 3 + u32::from((if prefix.v4 { 32 } else { 128 } - prefix.bits) / 2),
        }
    }
}

/// A set of texts that several conditions share; it is the same only as itself.
#[derive(Clone, Debug)]
pub struct SharedSet(pub Arc<TextSet>);

impl PartialEq for SharedSet {
    fn eq(&self, other: &SharedSet) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for SharedSet {}

impl Hash for SharedSet {
    fn hash<H: Hasher>(&self, state: &mut H) {
        Arc::as_ptr(&self.0).hash(state);
    }
}

/// Facts of which at least one holds. None at all: the condition never holds.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Need {
    /// About which value, and what.
    pub keys: Vec<(OperandId, Key)>,
    weight: u32,
}

impl Need {
    fn of(operand: OperandId, keys: Vec<Key>) -> Option<Need> {
        // What every text has says nothing.
        let is_empty = |key: &Key| match key {
            Key::Front(text) | Key::Back(text) | Key::Inside(text) | Key::InsideAnyCase(text) | Key::Path(text) => {
                text.is_empty()
            }
            _ => false,
        };
        if keys.len() > MAX_KEYS || keys.iter().any(is_empty) {
            return None;
        }
        let weight = keys.iter().map(Key::weight).sum();
        Some(Need { keys: keys.into_iter().map(|key| (operand, key)).collect(), weight })
    }

    /// One of these needs.
    fn any(needs: impl Iterator<Item = Option<Need>>) -> Option<Need> {
        let mut any = Need { keys: Vec::new(), weight: 0 };
        for need in needs {
            let need = need?;
            any.keys.extend(need.keys);
            any.weight = any.weight.saturating_add(need.weight);
            if any.keys.len() > MAX_KEYS {
                return None;
            }
        }
        Some(any)
    }
}

/// Finds what conditions need, of those that no longer ask for the type of the event.
#[derive(Default)]
pub struct Finder {
    known: HashMap<NodeId, Option<Need>>,
}

impl Finder {
    /// What a condition needs; the most telling first. None at all if it must be asked.
    pub fn needs(&mut self, conditions: &Specializer, root: NodeId) -> Vec<Need> {
        let mut needs = Vec::new();
        let mut left = MAX_PARTS;
        // What a conjunction needs, each of its terms does.
        let mut terms = vec![root];
        while let Some(id) = terms.pop() {
            match conditions.node(id) {
                Some(Node::All(inner)) if left > inner.len() => {
                    left -= inner.len();
                    terms.extend(inner);
                }
                Some(_) => needs.extend(self.need(conditions, id, &mut left)),
                None => {}
            }
        }
        needs.sort_by_key(|need| need.weight);
        needs.truncate(MAX_NEEDS);
        needs
    }

    fn need(&mut self, conditions: &Specializer, id: NodeId, left: &mut usize) -> Option<Need> {
        *left = left.checked_sub(1)?;
        if let Some(known) = self.known.get(&id) {
            return known.clone();
        }
        let need = match conditions.node(id)? {
            Node::All(terms) => {
                let all = terms.iter().filter_map(|term| self.need(conditions, *term, left));
                all.min_by_key(|need| need.weight)
            }
            Node::Any(terms) => Need::any(terms.iter().map(|term| self.need(conditions, *term, left))),
            // What holds for most events tells little.
            Node::Test(_) if conditions.estimate(id).chance > TELLING => None,
            Node::Test(test) => Finder::of_test(conditions.program(), test),
            Node::Events(_) | Node::Not(_) | Node::Compare(..) => None,
        };
        if *left > 0 {
            self.known.insert(id, need.clone());
        }
        need
    }

    fn of_test(program: &Program, test: &Test) -> Option<Need> {
        // Of several values at once these ask all, and so may hold of none.
        let of_list = match &program.operands.get(test.operand as usize)?.0 {
            Operand::Field(field) => field.field.def().flags.contains(FieldFlags::LIST),
            _ => false,
        };
        if of_list || test.op == Op::Ne {
            return None;
        }
        Need::of(test.operand, keys(&test.predicate)?)
    }
}

/// Keys of which one holds for every value that satisfies a predicate. `None` if there are no such.
fn keys(predicate: &Predicate) -> Option<Vec<Key>> {
    let each = |texts: &mut dyn Iterator<Item = &[u8]>, key: fn(Box<[u8]>) -> Key| {
        texts.map(|text| key(text.into())).take(MAX_KEYS + 1).collect()
    };
    Some(match predicate {
        Predicate::Never => Vec::new(),
        Predicate::Text(text) => vec![Key::Equal(text.clone())],
        Predicate::TextIn(set) if set.len() > MAX_TEXTS => vec![Key::Among(SharedSet(Arc::clone(set)))],
        Predicate::TextIn(set) => each(&mut set.iter(), Key::Equal),
        Predicate::Contains(finder) => vec![Key::Inside(finder.needle().into())],
        Predicate::ContainsAny(search) => {
            let key = if search.ignores_case() { Key::InsideAnyCase } else { Key::Inside };
            each(&mut search.texts().iter().map(|text| &**text), key)
        }
        Predicate::StartsWith(text) => vec![Key::Front(text.clone())],
        Predicate::EndsWith(text) => vec![Key::Back(text.clone())],
        Predicate::Affix(affixes) => match affixes.end() {
            End::Front => each(&mut affixes.iter(), Key::Front),
            End::Back => each(&mut affixes.iter(), Key::Back),
        },
        Predicate::Glob(glob) => vec![match glob.literal()? {
            Literal::Whole(text) => Key::Equal(text),
            Literal::Front(text) => Key::Front(text),
            Literal::Back(text) => Key::Back(text),
            Literal::Inside(text) => Key::Inside(text),
        }],
        Predicate::Regex(regex) => match regex.needed()? {
            Needed::Front(texts) => each(&mut texts.iter().map(|text| &**text), Key::Front),
            Needed::Inside(text) => vec![Key::Inside(text.clone())],
        },
        Predicate::PathIn(paths) => paths.beginnings(MAX_KEYS)?.into_iter().map(Key::Path).collect(),
        Predicate::Whole(numbers) => numbers.iter().take(MAX_KEYS + 1).map(|number| Key::Number(*number)).collect(),
        Predicate::NetworkIn(networks) => networks.iter().take(MAX_KEYS + 1).map(Key::Network).collect(),
        Predicate::ByType(of_number, of_text) => [keys(of_number)?, keys(of_text)?].concat(),
        Predicate::Any(all) | Predicate::One(all) => {
            let mut together = Vec::new();
            for one in all {
                together.extend(keys(one)?);
                if together.len() > MAX_KEYS {
                    return None;
                }
            }
            together
        }
        Predicate::All(all) => all.iter().find_map(keys)?,
        Predicate::Exists | Predicate::Not(_) | Predicate::Bool(..) | Predicate::Real(_) | Predicate::Order(..) => {
            return None;
        }
    })
}
