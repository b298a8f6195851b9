//! From a condition to nodes with jumps.

use super::builder::BuildError;
use super::condition::Condition;
use super::encode::Data;
use crate::filter::{KEEP, MAX_SECTION, Node, REJECT};
use crate::schema::EventId;
use alloc::vec::Vec;

/// Where a jump of a node that is not yet placed leads to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Target {
    Keep,
    Reject,
    /// The node of this number.
    Label(usize),
}

/// Nodes in the making. Labels stand for places that come later: each is bound when its place is reached.
struct Nodes {
    nodes: Vec<(Node, Target, Target)>,
    labels: Vec<usize>,
}

/// The nodes of a condition that is neither always true nor always false, and was simplified.
pub(super) fn nodes(event: EventId, condition: &Condition, data: &mut Data) -> Result<Vec<Node>, BuildError> {
    let mut nodes = Nodes { nodes: Vec::new(), labels: Vec::new() };
    nodes.emit(event, condition, Target::Keep, Target::Reject, data)?;
    let Nodes { nodes, labels } = nodes;
    if nodes.len() > MAX_SECTION {
        return Err(BuildError::TooManyNodes { event, nodes: nodes.len() });
    }
    let jump = |from: usize, to: Target| match to {
        Target::Keep => KEEP,
        Target::Reject => REJECT,
        // Every label is bound to a later node, and a section has fewer nodes than 16 bits count.
        Target::Label(label) => (labels[label] - from - 1) as u16,
    };
    Ok(nodes
        .iter()
        .enumerate()
        .map(|(at, &(node, yes, no))| Node { yes: jump(at, yes), no: jump(at, no), ..node })
        .collect())
}

impl Nodes {
    fn label(&mut self) -> usize {
        self.labels.push(usize::MAX);
        self.labels.len() - 1
    }

    fn emit(
        &mut self,
        event: EventId,
        condition: &Condition,
        yes: Target,
        no: Target,
        data: &mut Data,
    ) -> Result<(), BuildError> {
        match condition {
            Condition::Test(what, is) => {
                let node = data.node(event, *what, is)?;
                self.nodes.push((node, yes, no));
                Ok(())
            }
            Condition::Not(inner) => self.emit(event, inner, no, yes, data),
            Condition::All(parts) | Condition::Any(parts) => {
                let all = matches!(condition, Condition::All(_));
                for (n, part) in parts.iter().enumerate() {
                    if n + 1 == parts.len() {
                        return self.emit(event, part, yes, no, data);
                    }
                    let next = self.label();
                    let (yes, no) = if all { (Target::Label(next), no) } else { (yes, Target::Label(next)) };
                    self.emit(event, part, yes, no, data)?;
                    self.labels[next] = self.nodes.len();
                }
                Ok(())
            }
            // Simplifying has left none of these inside.
            Condition::Always | Condition::Never | Condition::Unknown => Ok(()),
        }
    }
}
