//! Operators and what they compare with.

use super::super::ast::{Check, Expr, Literal, Operand, Right, Span};
use super::super::literal::{is_bare, quoted};
use super::super::op::{Modifier, Op};
use super::{Parser, SyntaxError, is_blank, is_name};
use crate::suggest::nearest;
use std::ops::Range;

impl Parser<'_> {
    pub(super) fn check(&mut self, left: Operand, start: usize) -> Result<Expr, SyntaxError> {
        let (op, span) = self.operator(start)?;
        let modifier = if op.takes_modifier() { self.modifier() } else { None };
        let op_span = Span(span.start..if modifier.is_some() { self.at } else { span.end });
        let right = match op {
            Op::Exists => Right::Nothing,
            _ => self.right(op, modifier.is_some())?,
        };
        Ok(Expr::Check(Box::new(Check { left, op, modifier, op_span, right })))
    }

    pub(super) fn operator(&mut self, left: usize) -> Result<(Op, Range<usize>), SyntaxError> {
        let written = self.text.get(left..self.at).unwrap_or("");
        let left = left..self.at;
        self.blanks();
        let start = self.at;
        let rest = self.rest();
        if rest.starts_with("==") {
            self.at += 2;
            return Ok((Op::Eq, start..self.at));
        }
        for op in Op::ALL {
            let Some(after) = rest.strip_prefix(op.name()) else { continue };
            // An operator of letters ends where no letter follows.
            if op.name().starts_with(|c: char| c.is_ascii_alphabetic()) && after.starts_with(is_name) {
                continue;
            }
            self.at += op.name().len();
            return Ok((*op, start..self.at));
        }
        let alone = rest.is_empty()
            || rest.starts_with([')', ','])
            || ["and", "or"].into_iter().any(|word| {
                rest.strip_prefix(word).is_some_and(|after| after.starts_with(|c: char| is_blank(c) || c == '('))
            });
        if alone {
            let help = format!("to ask whether it is known, write {written} exists; of a boolean, {written} = true");
            let message = format!("{written} stands alone");
            return Err(SyntaxError::new(left, message, "expected an operator behind it").help(Some(help)));
        }
        let span = self.peek_word();
        let word = self.text.get(span.clone()).unwrap_or("");
        let names = Op::ALL.iter().map(|op| op.name());
        let help = nearest(word, names).map(|op| format!("did you mean {op}?"));
        let label = "expected =, !=, <, <=, >, >=, in, contains, startswith, …";
        Err(SyntaxError::new(span, format!("{word} is no operator"), label).help(help))
    }

    /// A modifier, if a list follows it; else the word is a value.
    pub(super) fn modifier(&mut self) -> Option<Modifier> {
        let before = self.at;
        self.blanks();
        let rest = self.rest();
        let found = Modifier::ALL.iter().copied().find_map(|modifier| {
            let after = rest.strip_prefix(modifier.name())?;
            after.starts_with(|c: char| is_blank(c) || c == '(').then_some((modifier, after))
        });
        let follows = found.is_some_and(|(_, after)| {
            let after = after.trim_start_matches(is_blank);
            let word = &after[..after.find(|c| !is_name(c)).unwrap_or(after.len())];
            after.starts_with('(')
                || after.starts_with(|c: char| c.is_ascii_alphabetic()) && !matches!(word, "and" | "or" | "not")
        });
        match found {
            Some((modifier, _)) if follows => {
                self.at += modifier.name().len();
                Some(modifier)
            }
            _ => {
                self.at = before;
                None
            }
        }
    }

    pub(super) fn right(&mut self, op: Op, modified: bool) -> Result<Right, SyntaxError> {
        self.blanks();
        let start = self.at;
        if (op.takes_list() || modified) && self.take('(') {
            return self.list(op);
        }
        if !modified {
            if let Some(after) = self.rest().strip_prefix("val(") {
                self.at = self.text.len() - after.len();
                self.blanks();
                let field = self.field()?;
                if !self.take(')') {
                    return Err(SyntaxError::new(
                        self.peek_word(),
                        "the parenthesis of val is not closed",
                        "expected `)`",
                    ));
                }
                return Ok(Right::Val(field));
            }
            if let Some(transformer) = self.transformer() {
                return Ok(Right::Call(self.call(transformer, start)?));
            }
        }
        Ok(Right::One(if op.takes_number() { self.number()? } else { self.value(op)? }))
    }

    pub(super) fn list(&mut self, op: Op) -> Result<Right, SyntaxError> {
        let mut values = Vec::new();
        loop {
            if self.take(')') {
                return Ok(Right::List(values));
            }
            // Lists that stand for nothing leave commas behind.
            if self.take(',') {
                continue;
            }
            values.push(self.value(op)?);
            self.blanks();
            if !matches!(self.peek(), Some(',' | ')')) {
                return Err(SyntaxError::new(
                    self.peek_word(),
                    "the list goes on without a comma",
                    "expected `,` or `)`",
                ));
            }
        }
    }

    pub(super) fn value(&mut self, op: Op) -> Result<Literal, SyntaxError> {
        self.blanks();
        if matches!(self.peek(), Some('"' | '\'')) {
            let (literal, end) = quoted(self.text, self.at)?;
            self.at = end;
            return Ok(literal);
        }
        let start = self.at;
        let len = self.rest().find(|c| !is_bare(c)).unwrap_or(self.rest().len());
        if len == 0 {
            let message = format!("{} has nothing to compare with", op.name());
            let help = match self.peek() {
                Some('(') if !op.takes_list() => Some(format!(
                    "to compare with several values, write {} anyof (…), oneof (…) or allof (…)",
                    op.name()
                )),
                _ => None,
            };
            return Err(SyntaxError::new(self.peek_word(), message, "expected a value").help(help));
        }
        self.at += len;
        if self.peek() == Some('=') {
            let span = start..self.peek_word().end;
            let text = self.text.get(span.clone()).unwrap_or("");
            let help = format!("write \"{text}\"");
            return Err(SyntaxError::new(span, "a value with = in it needs quotes", "expected quotes").help(Some(help)));
        }
        let bytes = self.text.as_bytes()[start..self.at].to_vec();
        Ok(Literal { bytes, span: Span(start..self.at), quoted: false })
    }

    /// A number: `-12`, `0x1f`, `1.5`, `1e+9`.
    pub(super) fn number(&mut self) -> Result<Literal, SyntaxError> {
        let start = self.at;
        let word = self.rest().find(|c| !is_bare(c)).map_or(self.rest(), |len| &self.rest()[..len]);
        if !crate::number::is_number(word) {
            let message = format!("{} is no number", self.text.get(self.peek_word()).unwrap_or(""));
            return Err(SyntaxError::new(self.peek_word(), message, "expected a number"));
        }
        self.at += word.len();
        Ok(Literal { bytes: word.as_bytes().to_vec(), span: Span(start..self.at), quoted: false })
    }
}
