//! Conditions as they are for one event: what they ask of its type is answered when rules are loaded.
//!
//! Of `(evt.type = rename and …) or (opened and …)` an open leaves the second part, so that a rule can be found by what that
//! part needs, and what it shares with others is seen.

use super::cost::Estimate;
use super::program::{NOT_KEPT, Node, NodeId, Program};
use hashbrown::{HashMap, HashSet};
use kestrel_core::schema::EventId;

/// Terms of a conjunction that are looked at.
const MAX_TERMS: usize = 64;

/// What is left of a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Left {
    /// A condition.
    Node(NodeId),
    /// It holds for each such event, or for none.
    Always(bool),
}

/// Nodes that are made here, by what they are made of.
#[derive(Debug, PartialEq, Eq, Hash)]
enum Key {
    All(Box<[NodeId]>),
    Any(Box<[NodeId]>),
    Not(NodeId),
}

/// Makes conditions of a program over for one event after the other, each there once.
#[derive(Debug)]
pub struct Specializer {
    program: Program,
    nodes: Vec<(Node, u32)>,
    estimates: Vec<Estimate>,
    ids: HashMap<Key, NodeId>,
    /// Whether the type of the event is asked for anywhere below a node.
    asks_event: HashMap<NodeId, bool>,
    event: Option<EventId>,
    /// What is left of a node for this event.
    left: HashMap<NodeId, Left>,
    /// For each node whether one event may ask for it more than once.
    shared: Vec<bool>,
}

impl Specializer {
    /// For the conditions of a program, whose nodes cost this.
    pub fn new(mut program: Program, estimates: Vec<Estimate>) -> Specializer {
        let nodes = std::mem::take(&mut program.nodes).into_vec();
        let shared = vec![false; nodes.len()];
        Specializer {
            program,
            nodes,
            estimates,
            ids: HashMap::new(),
            asks_event: HashMap::new(),
            event: None,
            left: HashMap::new(),
            shared,
        }
    }

    /// Begins an event: `None` for those that are not the kernel's.
    pub fn begin(&mut self, event: Option<EventId>) {
        self.event = event;
        self.left.clear();
    }

    /// What is left of a condition for the event that was begun.
    pub fn left(&mut self, id: NodeId) -> Left {
        if !self.asks_event(id) {
            return Left::Node(id);
        }
        if let Some(known) = self.left.get(&id) {
            return *known;
        }
        let left = match self.node(id).cloned() {
            Some(Node::Events(events)) => Left::Always(self.event.is_some_and(|event| events.contains(event))),
            Some(Node::Not(inner)) => match self.left(inner) {
                Left::Always(holds) => Left::Always(!holds),
                Left::Node(inner) => Left::Node(self.made(Key::Not(inner))),
            },
            Some(Node::All(terms)) => self.joined(&terms, true),
            Some(Node::Any(terms)) => self.joined(&terms, false),
            Some(Node::Test(_) | Node::Compare(..)) | None => Left::Node(id),
        };
        self.left.insert(id, left);
        left
    }

    /// What is left of a conjunction or a disjunction.
    fn joined(&mut self, terms: &[NodeId], all: bool) -> Left {
        let mut kept = Vec::with_capacity(terms.len());
        for term in terms {
            match self.left(*term) {
                Left::Always(holds) if holds == all => {}
                Left::Always(holds) => return Left::Always(holds),
                Left::Node(node) => kept.push(node),
            }
        }
        // Without the type of the event another term may be the first to say no.
        let by = |estimate: Estimate| if all { estimate.to_say_no() } else { estimate.to_say_yes() };
        kept.sort_by(|a, b| by(self.estimate(*a)).total_cmp(&by(self.estimate(*b))).then(a.cmp(b)));
        kept.dedup();
        match *kept {
            [] => Left::Always(all),
            [one] => Left::Node(one),
            _ => Left::Node(self.made(if all { Key::All(kept.into()) } else { Key::Any(kept.into()) })),
        }
    }

    /// A condition without terms that are known to hold: those of its conjunctions that are among `known`.
    pub fn without(&mut self, id: NodeId, known: &HashSet<NodeId>) -> NodeId {
        if known.contains(&id) {
            return self.always();
        }
        let Some(Node::All(terms)) = self.node(id).cloned() else { return id };
        let mut kept: Vec<NodeId> = Vec::with_capacity(terms.len());
        for term in &terms {
            if known.contains(term) {
                continue;
            }
            let term = self.without(*term, known);
            if !matches!(self.node(term), Some(Node::All(inner)) if inner.is_empty()) && !kept.contains(&term) {
                kept.push(term);
            }
        }
        match *kept {
            [one] => one,
            _ => self.made(Key::All(kept.into())),
        }
    }

    /// What always holds.
    pub fn always(&mut self) -> NodeId {
        self.made(Key::All([].into()))
    }

    /// The terms of a conjunction, and of conjunctions in it, in the order in which they are asked: all hold if it does.
    pub fn terms(&self, root: NodeId) -> Vec<NodeId> {
        let mut terms = Vec::new();
        let mut rest = vec![root];
        while let Some(id) = rest.pop() {
            if terms.len() == MAX_TERMS {
                break;
            }
            terms.push(id);
            if let Some(Node::All(inner)) = self.node(id) {
                rest.extend(inner.iter().rev());
            }
        }
        terms
    }

    /// Says that one event may ask for all of these conditions.
    pub fn asked_together(&mut self, roots: impl Iterator<Item = NodeId>) {
        let mut seen = HashSet::new();
        let mut rest: Vec<NodeId> = roots.collect();
        while let Some(id) = rest.pop() {
            if !seen.insert(id) {
                self.shared[id as usize] = true;
                continue;
            }
            match self.node(id) {
                Some(Node::All(terms) | Node::Any(terms)) => rest.extend(terms),
                Some(Node::Not(term)) => rest.push(*term),
                Some(Node::Events(_) | Node::Test(_) | Node::Compare(..)) | None => {}
            }
        }
    }

    /// A node.
    pub fn node(&self, id: NodeId) -> Option<&Node> {
        self.nodes.get(id as usize).map(|(node, _)| node)
    }

    /// What a node is expected to cost, and how likely it holds.
    pub fn estimate(&self, id: NodeId) -> Estimate {
        self.estimates.get(id as usize).copied().unwrap_or(Estimate::EVENTS)
    }

    /// The program, without its nodes.
    pub fn program(&self) -> &Program {
        &self.program
    }

    /// The program with all that was made; what one event may ask for twice is kept.
    pub fn finish(self) -> Program {
        let Specializer { mut program, mut nodes, shared, .. } = self;
        let mut slots = 0;
        for ((node, slot), shared) in nodes.iter_mut().zip(shared) {
            let keep = shared && !matches!(node, Node::Events(_) | Node::Not(_));
            *slot = if keep { slots } else { NOT_KEPT };
            slots += u32::from(keep);
        }
        program.nodes = nodes.into();
        program.result_slots = slots;
        program
    }

    fn made(&mut self, key: Key) -> NodeId {
        if let Some(known) = self.ids.get(&key) {
            return *known;
        }
        let estimates = |terms: &[NodeId]| terms.iter().map(|term| self.estimate(*term)).collect::<Vec<_>>();
        let (node, estimate) = match &key {
            Key::All(terms) => (Node::All(terms.clone()), Estimate::all(estimates(terms).into_iter())),
            Key::Any(terms) => (Node::Any(terms.clone()), Estimate::any(estimates(terms).into_iter())),
            Key::Not(term) => (Node::Not(*term), self.estimate(*term).negated()),
        };
        let id = self.nodes.len() as NodeId;
        self.nodes.push((node, NOT_KEPT));
        self.estimates.push(estimate);
        self.shared.push(false);
        self.ids.insert(key, id);
        // What is made asks for no event's type.
        self.asks_event.insert(id, false);
        id
    }

    fn asks_event(&mut self, id: NodeId) -> bool {
        if let Some(known) = self.asks_event.get(&id) {
            return *known;
        }
        let asks = match self.node(id).cloned() {
            Some(Node::All(terms) | Node::Any(terms)) => terms.iter().any(|term| self.asks_event(*term)),
            Some(Node::Not(term)) => self.asks_event(term),
            Some(Node::Events(_)) => true,
            Some(Node::Test(_) | Node::Compare(..)) | None => false,
        };
        self.asks_event.insert(id, asks);
        asks
    }
}
