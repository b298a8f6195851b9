//! Trees as text.

use super::ast::{Call, Check, Expr, FieldName, Literal, Operand, Right};
use super::literal::{is_bare, is_bare_argument};
use std::fmt::{self, Display, Formatter, Write};

impl Display for Expr {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Expr::And(terms) => joined(f, terms, " and ", |term| matches!(term, Expr::And(_) | Expr::Or(_))),
            Expr::Or(terms) => joined(f, terms, " or ", |term| matches!(term, Expr::Or(_))),
            Expr::Not(term) if matches!(**term, Expr::And(_) | Expr::Or(_)) => write!(f, "not ({term})"),
            Expr::Not(term) => write!(f, "not {term}"),
            Expr::Check(check) => check.fmt(f),
            Expr::Macro(word) => f.write_str(&word.text),
        }
    }
}

fn joined(f: &mut Formatter<'_>, terms: &[Expr], word: &str, nested: impl Fn(&Expr) -> bool) -> fmt::Result {
    for (i, term) in terms.iter().enumerate() {
        if i > 0 {
            f.write_str(word)?;
        }
        if nested(term) { write!(f, "({term})")? } else { term.fmt(f)? }
    }
    Ok(())
}

impl Display for Check {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.left, self.op.name())?;
        if let Some(modifier) = self.modifier {
            write!(f, " {}", modifier.name())?;
        }
        match &self.right {
            Right::Nothing => Ok(()),
            Right::One(literal) => write!(f, " {literal}"),
            Right::List(literals) => {
                f.write_str(" (")?;
                listed(f, literals)?;
                f.write_char(')')
            }
            Right::Val(field) => write!(f, " val({field})"),
            Right::Call(call) => write!(f, " {call}"),
        }
    }
}

fn listed(f: &mut Formatter<'_>, items: &[impl Display]) -> fmt::Result {
    for (i, item) in items.iter().enumerate() {
        if i > 0 {
            f.write_str(", ")?;
        }
        item.fmt(f)?;
    }
    Ok(())
}

impl Display for Operand {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Operand::Field(field) => field.fmt(f),
            Operand::Call(call) => call.fmt(f),
            Operand::Literal(literal) => literal.fmt(f),
            Operand::List(operands) => {
                f.write_char('(')?;
                listed(f, operands)?;
                f.write_char(')')
            }
        }
    }
}

impl Display for FieldName {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name.text)?;
        option(f, self.arg.as_ref())
    }
}

impl Display for Call {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}(", self.transformer.name())?;
        listed(f, &self.args)?;
        f.write_char(')')?;
        option(f, self.option.as_ref())
    }
}

fn option(f: &mut Formatter<'_>, option: Option<&Literal>) -> fmt::Result {
    match option {
        // In brackets more characters need no quotes than elsewhere.
        Some(literal) if !literal.quoted && literal.text().chars().all(is_bare_argument) => {
            write!(f, "[{}]", literal.text())
        }
        Some(literal) => write!(f, "[{literal}]"),
        None => Ok(()),
    }
}

impl Display for Literal {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        // A bare value may hold what a list's item can, but a condition's word cannot.
        let bare = !self.quoted && !self.bytes.is_empty();
        match std::str::from_utf8(&self.bytes) {
            Ok(text) if bare && text.chars().all(is_bare) => return f.write_str(text),
            _ => {}
        }
        f.write_char('"')?;
        for chunk in self.bytes.utf8_chunks() {
            for c in chunk.valid().chars() {
                match c {
                    '"' => f.write_str("\\\"")?,
                    '\\' => f.write_str("\\\\")?,
                    '\n' => f.write_str("\\n")?,
                    '\r' => f.write_str("\\r")?,
                    '\t' => f.write_str("\\t")?,
                    c if c.is_ascii_control() => write!(f, "\\x{:02x}", c as u32)?,
                    c => f.write_char(c)?,
                }
            }
            for byte in chunk.invalid() {
                write!(f, "\\x{byte:02x}")?;
            }
        }
        f.write_char('"')
    }
}
