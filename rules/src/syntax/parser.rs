//! From text to tree.

use super::ast::{Call, Check, Expr, FieldName, Literal, Operand, Right, Span, Word};
use super::literal::{is_bare, is_bare_argument, quoted};
use super::op::{Modifier, Op, Transformer};
use crate::field::FIELDS;
use crate::suggest::nearest;
use std::ops::Range;

/// How deep parentheses, `not` and transformers may nest.
const MAX_DEPTH: usize = 200;

/// Text that is no condition.
#[derive(Clone, Debug, PartialEq)]
pub struct SyntaxError {
    /// Where: bytes of the text.
    pub span: Range<usize>,
    /// What is wrong.
    pub message: String,
    /// What was expected there.
    pub label: String,
    /// What was probably meant.
    pub help: Option<String>,
}

impl SyntaxError {
    pub(super) fn new(span: Range<usize>, message: impl Into<String>, label: impl Into<String>) -> SyntaxError {
        SyntaxError { span, message: message.into(), label: label.into(), help: None }
    }

    fn help(mut self, help: Option<String>) -> SyntaxError {
        self.help = help;
        self
    }
}

/// Reads a condition.
///
/// # Errors
/// [`SyntaxError`]: the first place where the text stops being a condition.
pub fn parse(text: &str) -> Result<Expr, SyntaxError> {
    let mut parser = Parser { text, at: 0, depth: 0 };
    let expr = parser.or()?;
    parser.blanks();
    if parser.at < text.len() {
        let found = parser.peek_word();
        return Err(SyntaxError::new(found, "the condition should end here", "expected `and`, `or`, or the end"));
    }
    Ok(expr)
}

/// Reads a field or a transformer at the beginning of a text; gives it and where it ends.
///
/// # Errors
/// [`SyntaxError`]: there is none.
pub fn parse_operand(text: &str) -> Result<(Operand, usize), SyntaxError> {
    let mut parser = Parser { text, at: 0, depth: 0 };
    let operand = match parser.transformer() {
        Some(transformer) => Operand::Call(parser.call(transformer, 0)?),
        None => Operand::Field(parser.field()?),
    };
    Ok((operand, parser.at))
}

/// True for a character that separates words.
pub fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r' | '\u{8}')
}

fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
}

impl<'a> Parser<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or("")
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn blanks(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start_matches(is_blank).len();
    }

    /// Takes a character, with blanks before it, if it stands here.
    fn take(&mut self, c: char) -> bool {
        self.blanks();
        let found = self.peek() == Some(c);
        if found {
            self.at += c.len_utf8();
        }
        found
    }

    /// The span of what stands here up to the next blank or parenthesis; at least one character.
    fn peek_word(&self) -> Range<usize> {
        let len = self.rest().find(|c: char| is_blank(c) || matches!(c, '(' | ')' | ',')).unwrap_or(self.rest().len());
        let first = self.peek().map_or(0, char::len_utf8);
        self.at..self.at + len.max(first)
    }

    /// Takes a keyword if it stands here, followed by a blank or a parenthesis.
    fn keyword(&mut self, word: &str) -> bool {
        self.blanks();
        let Some(after) = self.rest().strip_prefix(word) else { return false };
        if after.is_empty() || after.starts_with(|c: char| is_blank(c) || c == '(') {
            self.at += word.len();
            return true;
        }
        false
    }

    fn deeper<T>(&mut self, parse: impl FnOnce(&mut Self) -> Result<T, SyntaxError>) -> Result<T, SyntaxError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            let label = format!("deeper than {MAX_DEPTH}");
            return Err(SyntaxError::new(self.peek_word(), "the condition is nested too deeply", label));
        }
        let parsed = parse(self);
        self.depth -= 1;
        parsed
    }

    fn or(&mut self) -> Result<Expr, SyntaxError> {
        let first = self.and()?;
        if !self.keyword("or") {
            return Ok(first);
        }
        let mut terms = vec![first, self.and()?];
        while self.keyword("or") {
            terms.push(self.and()?);
        }
        Ok(Expr::Or(terms))
    }

    fn and(&mut self) -> Result<Expr, SyntaxError> {
        let first = self.not()?;
        if !self.keyword("and") {
            return Ok(first);
        }
        let mut terms = vec![first, self.not()?];
        while self.keyword("and") {
            terms.push(self.not()?);
        }
        Ok(Expr::And(terms))
    }

    fn not(&mut self) -> Result<Expr, SyntaxError> {
        self.deeper(
            |parser| {
                if parser.keyword("not") { Ok(Expr::Not(Box::new(parser.not()?))) } else { parser.primary() }
            },
        )
    }

    fn primary(&mut self) -> Result<Expr, SyntaxError> {
        const EXPECTED: &str = "expected a field, a macro, `not` or `(`";
        self.blanks();
        match self.peek() {
            Some('(') => {
                let open = self.at;
                self.at += 1;
                let expr = self.or()?;
                if !self.take(')') {
                    let label = "expected `)`, `and` or `or`";
                    let help = format!("it was opened {} characters before", self.at - open);
                    return Err(
                        SyntaxError::new(self.peek_word(), "a parenthesis is not closed", label).help(Some(help))
                    );
                }
                Ok(expr)
            }
            Some(c) if c.is_ascii_alphabetic() => self.check_or_macro(),
            Some(_) => Err(SyntaxError::new(self.peek_word(), "a condition cannot begin like this", EXPECTED)),
            None => Err(SyntaxError::new(self.at..self.at, "the condition ends too early", EXPECTED)),
        }
    }

    fn check_or_macro(&mut self) -> Result<Expr, SyntaxError> {
        let start = self.at;
        if let Some(transformer) = self.transformer() {
            let call = self.call(transformer, start)?;
            return self.check(Operand::Call(call), start);
        }
        let word = self.name();
        if word.text.contains('.') {
            let field = self.bracket(word)?;
            return self.check(Operand::Field(field), start);
        }
        let after = self.rest().trim_start_matches(is_blank);
        // Something that is compared must have been meant as a field.
        if after.starts_with(['=', '!', '<', '>', '[']) {
            return Err(no_field(&word));
        }
        if after.starts_with('(') && !after.starts_with("()") && !matches!(&*word.text, "and" | "or" | "not") {
            let names = Transformer::ALL.iter().map(|transformer| transformer.name());
            let help = nearest(&word.text, names).map(|name| format!("did you mean {name}?"));
            let message = format!("{} is no transformer", word.text);
            return Err(SyntaxError::new(word.span.0, message, "expected a transformer before `(`").help(help));
        }
        Ok(Expr::Macro(word))
    }

    /// Letters, digits, underscores and dots.
    fn name(&mut self) -> Word {
        let start = self.at;
        let len = self.rest().find(|c: char| !is_name(c) && c != '.').unwrap_or(self.rest().len());
        // A dot at the end ends a sentence, not a name.
        let name = self.rest()[..len].trim_end_matches('.');
        self.at += name.len();
        Word { text: name.to_owned(), span: Span(start..self.at) }
    }

    /// Takes the name of a transformer and its parenthesis if they stand here.
    fn transformer(&mut self) -> Option<Transformer> {
        let found = Transformer::ALL.iter().copied().find(|transformer| {
            self.rest().strip_prefix(transformer.name()).is_some_and(|after| after.starts_with('('))
        })?;
        self.at += found.name().len() + 1;
        Some(found)
    }

    /// The arguments of a transformer, behind its parenthesis.
    fn call(&mut self, transformer: Transformer, start: usize) -> Result<Call, SyntaxError> {
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

    fn call_arg(&mut self) -> Result<Operand, SyntaxError> {
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

    fn list_arg(&mut self) -> Result<Operand, SyntaxError> {
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
    fn field(&mut self) -> Result<FieldName, SyntaxError> {
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

    fn bracket(&mut self, name: Word) -> Result<FieldName, SyntaxError> {
        Ok(FieldName { name, arg: self.argument()? })
    }

    /// `[…]` right here.
    fn argument(&mut self) -> Result<Option<Literal>, SyntaxError> {
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

    fn check(&mut self, left: Operand, start: usize) -> Result<Expr, SyntaxError> {
        let (op, span) = self.operator(start)?;
        let modifier = if op.takes_modifier() { self.modifier() } else { None };
        let op_span = Span(span.start..if modifier.is_some() { self.at } else { span.end });
        let right = match op {
            Op::Exists => Right::Nothing,
            _ => self.right(op, modifier.is_some())?,
        };
        Ok(Expr::Check(Box::new(Check { left, op, modifier, op_span, right })))
    }

    fn operator(&mut self, left: usize) -> Result<(Op, Range<usize>), SyntaxError> {
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
    fn modifier(&mut self) -> Option<Modifier> {
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

    fn right(&mut self, op: Op, modified: bool) -> Result<Right, SyntaxError> {
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

    fn list(&mut self, op: Op) -> Result<Right, SyntaxError> {
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

    fn value(&mut self, op: Op) -> Result<Literal, SyntaxError> {
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
    fn number(&mut self) -> Result<Literal, SyntaxError> {
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

/// A word without a dot where a field should stand.
fn no_field(word: &Word) -> SyntaxError {
    let name = word.text.as_str();
    let fields = FIELDS.iter().map(|def| def.name);
    let help = nearest(name, fields.clone())
        .or_else(|| fields.clone().find(|field| field.rsplit('.').next() == Some(name)))
        .map(|field| format!("did you mean {field}?"));
    let message = format!("{name} is no field");
    SyntaxError::new(word.span.0.clone(), message, "a field has a dot in its name").help(help)
}
