//! From text to tree.
//!
//! | file | is about |
//! |---|---|
//! | `mod.rs` | `and`, `or`, `not`, parentheses, macros |
//! | `operand.rs` | fields and transformers |
//! | `check.rs` | operators and what they compare with |

mod check;
mod operand;

use super::ast::{Expr, Operand, Span, Word};
use super::op::Transformer;
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
        if matches!(&*word.text, "and" | "or" | "not") {
            let message = format!("nothing stands where {} needs something", word.text);
            return Err(SyntaxError::new(word.span.0, message, "expected a field, a macro, `not` or `(`"));
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
