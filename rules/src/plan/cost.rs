//! What tests cost, and how likely they hold: rough figures, only good for putting tests into an order.

use super::{Predicate, program::Operand};
use crate::field::{Field, FieldClass};
use crate::syntax::Op;

/// What a node is expected to cost, in units of a comparison of numbers, and how likely it holds.
#[derive(Clone, Copy, Debug)]
pub struct Estimate {
    pub cost: f32,
    pub chance: f32,
}

impl Estimate {
    /// A node that holds or not by the event alone.
    pub const EVENTS: Estimate = Estimate { cost: 0.5, chance: 0.1 };

    /// In a conjunction, whatever has less of this comes first: cost for each time that it says no.
    pub fn to_say_no(self) -> f32 {
        self.cost / (1.0 - self.chance).max(0.01)
    }

    /// In a disjunction: cost for each time that it says yes.
    pub fn to_say_yes(self) -> f32 {
        self.cost / self.chance.max(0.01)
    }

    /// Of a negation.
    pub fn negated(self) -> Estimate {
        Estimate { chance: 1.0 - self.chance, ..self }
    }

    /// Of a conjunction of these, in this order.
    pub fn all(terms: impl Iterator<Item = Estimate>) -> Estimate {
        terms.fold(Estimate { cost: 0.0, chance: 1.0 }, |sum, term| Estimate {
            cost: sum.cost + sum.chance * term.cost,
            chance: sum.chance * term.chance,
        })
    }

    /// Of a disjunction of these, in this order.
    pub fn any(terms: impl Iterator<Item = Estimate>) -> Estimate {
        terms.fold(Estimate { cost: 0.0, chance: 0.0 }, |sum, term| Estimate {
            cost: sum.cost + (1.0 - sum.chance) * term.cost,
            chance: 1.0 - (1.0 - sum.chance) * (1.0 - term.chance),
        })
    }

    /// Of a test of an operand whose value costs this.
    pub fn test(operand: Option<&Operand>, value: f32, op: Op, predicate: &Predicate) -> Estimate {
        let (cost, chance) = of_predicate(predicate);
        let usual = match operand {
            Some(Operand::Field(field)) => usually(field.field, predicate),
            _ => None,
        };
        let chance = if op == Op::Exists { 0.8 } else { usual.unwrap_or(chance) };
        Estimate { cost: value + cost, chance }
    }

    /// Of a comparison of two operands.
    pub fn compare(left: f32, right: f32) -> Estimate {
        Estimate { cost: left + right + 4.0, chance: 0.2 }
    }
}

/// What it costs to have a value.
pub fn of_operand(operand: &Operand, others: impl Fn(u32) -> f32) -> f32 {
    match operand {
        Operand::Text(_) => 0.5,
        Operand::List(items) => 5.0 + items.iter().map(|item| others(*item)).sum::<f32>(),
        Operand::Call(_, args, _) => 20.0 + args.iter().map(|arg| others(*arg)).sum::<f32>(),
        Operand::Field(field) => {
            let def = field.field.def();
            // Ancestors are walked, lines and addresses composed.
            match def.class {
                FieldClass::Process if def.name.starts_with("proc.a") => 40.0,
                FieldClass::Process if def.name.ends_with("cmdline") || def.name.ends_with("exeline") => 25.0,
                FieldClass::Evt if def.name.ends_with("args") => 40.0,
                FieldClass::Evt if field.arg.is_some() => 6.0,
                FieldClass::Fd if def.name == "fd.name" => 6.0,
                FieldClass::Process | FieldClass::Evt | FieldClass::Generic => 2.0,
                _ => 4.0,
            }
        }
    }
}

/// How likely a predicate holds for a field that has one value nearly always.
fn usually(field: Field, predicate: &Predicate) -> Option<f32> {
    let most: &[u8] = match field {
        Field::FdTypechar => b"f",
        Field::FdType => b"file",
        Field::ContainerId | Field::ContainerName | Field::ContainerType => b"host",
        _ => return None,
    };
    match predicate {
        Predicate::Text(text) => Some(if **text == *most { 0.9 } else { 0.02 }),
        Predicate::TextIn(texts) => Some(if texts.contains(most) { 0.95 } else { 0.05 }),
        Predicate::Not(inner) => usually(field, inner).map(|chance| 1.0 - chance),
        _ => None,
    }
}

fn of_predicate(predicate: &Predicate) -> (f32, f32) {
    match predicate {
        Predicate::Never => (0.1, 0.0),
        Predicate::Exists => (0.1, 0.8),
        Predicate::Bool(..) => (0.5, 0.5),
        Predicate::Whole(numbers) => (1.0 + (numbers.len() as f32).log2(), 0.1),
        Predicate::Real(numbers) => (1.0 + numbers.len() as f32, 0.1),
        Predicate::Order(..) => (1.0, 0.5),
        Predicate::Text(_) => (1.5, 0.05),
        Predicate::TextIn(_) => (6.0, 0.1),
        Predicate::StartsWith(_) | Predicate::EndsWith(_) => (2.0, 0.1),
        Predicate::Affix(_) => (15.0, 0.15),
        Predicate::Contains(_) => (10.0, 0.1),
        Predicate::ContainsAny(_) => (25.0, 0.15),
        Predicate::NetworkIn(_) => (8.0, 0.2),
        Predicate::PathIn(_) => (20.0, 0.2),
        Predicate::Glob(_) => (20.0, 0.1),
        Predicate::Regex(_) => (60.0, 0.1),
        Predicate::Not(inner) => {
            let (cost, chance) = of_predicate(inner);
            (cost, 1.0 - chance)
        }
        Predicate::ByType(_, text) => of_predicate(text),
        Predicate::Any(all) => (all.iter().map(|one| of_predicate(one).0).sum(), 0.2),
        Predicate::All(all) | Predicate::One(all) => (all.iter().map(|one| of_predicate(one).0).sum(), 0.05),
    }
}
