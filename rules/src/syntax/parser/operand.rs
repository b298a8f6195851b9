//! Fields and transformers.

use super::super::ast::{Call, FieldName, Literal, Operand, Span, Word};
use super::super::literal::{is_bare_argument, quoted};
use super::super::op::Transformer;
use super::{Parser, SyntaxError, no_field};

impl Parser<'_> {
    /// Takes the name of a transformer and its parenthesis if they stand here.
    pub(super) fn transformer(&mut self) -> Option<Transformer> {
        let found = Transformer::ALL.iter().copied().find(|transformer| {
            self.rest().strip_prefix(transformer.name()).is_some_and(|after| after.starts_with('('))
        })?;
        self.at += found.name().len() + 1;
        Some(found)
    }

    /// The arguments of a transformer, behind its parenthesis.
    pub(super) fn call(&mut self, transformer: Transformer, start: usize) -> Result<Call, SyntaxError> {
        let span = Span(start..start + transformer.name().len());
        self.deeper(|parser| {
            let mut args = vec![parser.call_arg()?];
            while parser.take(',') {
                args.push(parser.call_arg()?);
            }
            if !parser.take(')') {
                let message = format!("the parenthesis of {} is not closed", transformer.name());
                return Err(SyntaxError::new(parser.peek_word(), message, "expected `,` or `)`"));
            }
            let option = parser.argument()?;
            Ok(Call { transformer, span, args, option })
        })
    }

    pub(super) fn call_arg(&mut self) -> Result<Operand, SyntaxError> {
        self.blanks();
        if self.peek() != Some('(') {
            return self.list_arg();
        }
        self.at += 1;
        let mut items = Vec::new();
        if self.take(')') {
            return Ok(Operand::List(items));
        }
        loop {
            self.blanks();
            items.push(self.list_arg()?);
            if self.take(')') {
                return Ok(Operand::List(items));
            }
            if !self.take(',') {
                return Err(SyntaxError::new(
                    self.peek_word(),
                    "the list goes on without a comma",
                    "expected `,` or `)`",
                ));
            }
        }
    }

    pub(super) fn list_arg(&mut self) -> Result<Operand, SyntaxError> {
        let start = self.at;
        match self.peek() {
            Some('"' | '\'') => {
                let (literal, end) = quoted(self.text, self.at)?;
                self.at = end;
                Ok(Operand::Literal(literal))
            }
            Some(c) if c.is_ascii_digit() || matches!(c, '+' | '-') => Ok(Operand::Literal(self.number()?)),
            _ => match self.transformer() {
                Some(transformer) => Ok(Operand::Call(self.call(transformer, start)?)),
                None => Ok(Operand::Field(self.field()?)),
            },
        }
    }

    /// A field with its argument.
    pub(super) fn field(&mut self) -> Result<FieldName, SyntaxError> {
        let word = self.name();
        if word.text.is_empty() || !word.text.starts_with(|c: char| c.is_ascii_alphabetic()) {
            let label = "expected a field, a transformer, a number or a text in quotes";
            return Err(SyntaxError::new(self.peek_word(), "there is no value", label));
        }
        if !word.text.contains('.') {
            return Err(no_field(&word));
        }
        self.bracket(word)
    }

    pub(super) fn bracket(&mut self, name: Word) -> Result<FieldName, SyntaxError> {
        Ok(FieldName { name, arg: self.argument()? })
    }

    /// `[…]` right here.
    pub(super) fn argument(&mut self) -> Result<Option<Literal>, SyntaxError> {
        if self.peek() != Some('[') {
            return Ok(None);
        }
        let open = self.at;
        self.at += 1;
        let literal = if matches!(self.peek(), Some('"' | '\'')) {
            let (literal, end) = quoted(self.text, self.at)?;
            self.at = end;
            literal
        } else {
            let len = self.rest().find(|c| !is_bare_argument(c)).unwrap_or(self.rest().len());
            let start = self.at;
            self.at += len;
            let bytes = self.text.as_bytes()[start..self.at].to_vec();
            Literal { bytes, span: Span(start..self.at), quoted: false }
        };
        if self.peek() != Some(']') {
            return Err(SyntaxError::new(open..self.at, "a bracket is not closed", "expected `]`"));
        }
        self.at += 1;
        if literal.bytes.is_empty() && !literal.quoted {
            return Err(SyntaxError::new(open..self.at, "there is nothing in the brackets", "expected an argument"));
        }
        Ok(Some(literal))
    }
}
