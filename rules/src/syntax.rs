//! Conditions as trees.
//!
//! The grammar is Falco's (libsinsp's filter language): `or` binds less than `and`, `and` less than `not`. What a word
//! means depends on where it stands, so the parser reads characters, not tokens.

use crate::field::FIELDS;
use crate::suggest::nearest;
use std::ops::Range;

/// How deep parentheses and `not` may nest.
const MAX_DEPTH: usize = 200;

/// A condition. Spans are bytes of the condition's text.
#[derive(Clone, Debug, PartialEq)]
pub enum Expr {
    And(Vec<Expr>),
    Or(Vec<Expr>),
    Not(Box<Expr>),
    Check(Check),
    Macro(Word),
}

/// A word and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Word {
    pub text: String,
    pub span: Range<usize>,
    /// It stood in quotes: never the name of a list.
    pub quoted: bool,
}

/// A field, an operator, values.
#[derive(Clone, Debug, PartialEq)]
pub struct Check {
    /// Name with whatever stood behind a dot.
    pub field: Word,
    /// What stood in brackets.
    pub arg: Option<Word>,
    pub op: Op,
    pub op_span: Range<usize>,
    pub values: Vec<Word>,
}

/// An operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Op {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
    In,
    Intersects,
    Contains,
    IContains,
    StartsWith,
    IStartsWith,
    EndsWith,
    Glob,
    IGlob,
    PMatch,
    Exists,
}

impl Op {
    /// Operators by their spelling. Longer ones first where one begins like another.
    pub const ALL: [(&'static str, Op); 18] = [
        ("==", Op::Eq),
        ("=", Op::Eq),
        ("!=", Op::Ne),
        ("<=", Op::Le),
        ("<", Op::Lt),
        (">=", Op::Ge),
        (">", Op::Gt),
        ("intersects", Op::Intersects),
        ("icontains", Op::IContains),
        ("istartswith", Op::IStartsWith),
        ("iglob", Op::IGlob),
        ("in", Op::In),
        ("contains", Op::Contains),
        ("startswith", Op::StartsWith),
        ("endswith", Op::EndsWith),
        ("glob", Op::Glob),
        ("pmatch", Op::PMatch),
        ("exists", Op::Exists),
    ];

    /// Its spelling.
    pub fn name(self) -> &'static str {
        match self {
            Op::Eq => "=",
            op => Op::ALL.iter().find(|(_, known)| *known == op).map_or("", |(name, _)| name),
        }
    }

    /// True if it takes a list in parentheses.
    pub fn takes_list(self) -> bool {
        matches!(self, Op::In | Op::Intersects | Op::PMatch)
    }
}

/// A condition that is none.
#[derive(Clone, Debug, PartialEq)]
pub struct SyntaxError {
    pub span: Range<usize>,
    pub message: String,
    pub label: String,
    pub help: Option<String>,
}

/// Reads a condition.
pub fn parse(text: &str) -> Result<Expr, SyntaxError> {
    let mut parser = Parser { text, at: 0, depth: 0 };
    let expr = parser.or()?;
    parser.blanks();
    if parser.at < text.len() {
        let found = parser.peek_word();
        return Err(parser.error(found, "the condition should end here", "expected `and`, `or`, or the end"));
    }
    Ok(expr)
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
}

fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r' | '\u{8}')
}

fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
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

    fn error(&self, span: Range<usize>, message: impl Into<String>, label: impl Into<String>) -> SyntaxError {
        SyntaxError { span, message: message.into(), label: label.into(), help: None }
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
        if after.starts_with(|c: char| is_blank(c) || c == '(') {
            self.at += word.len();
            return true;
        }
        false
    }

    fn or(&mut self) -> Result<Expr, SyntaxError> {
        let mut terms = vec![self.and()?];
        while self.keyword("or") {
            terms.push(self.and()?);
        }
        Ok(if terms.len() == 1 { terms.remove(0) } else { Expr::Or(terms) })
    }

    fn and(&mut self) -> Result<Expr, SyntaxError> {
        let mut terms = vec![self.not()?];
        while self.keyword("and") {
            terms.push(self.not()?);
        }
        Ok(if terms.len() == 1 { terms.remove(0) } else { Expr::And(terms) })
    }

    fn not(&mut self) -> Result<Expr, SyntaxError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.error(
                self.peek_word(),
                "the condition is nested too deeply",
                format!("deeper than {MAX_DEPTH}"),
            ));
        }
        let expr = if self.keyword("not") { Expr::Not(Box::new(self.not()?)) } else { self.primary()? };
        self.depth -= 1;
        Ok(expr)
    }

    fn primary(&mut self) -> Result<Expr, SyntaxError> {
        self.blanks();
        match self.peek() {
            Some('(') => {
                let open = self.at;
                self.at += 1;
                let expr = self.or()?;
                self.blanks();
                if self.peek() != Some(')') {
                    let mut error =
                        self.error(self.peek_word(), "a parenthesis is not closed", "expected `)`, `and` or `or`");
                    error.help = Some(format!("it was opened {} characters before", self.at - open));
                    return Err(error);
                }
                self.at += 1;
                Ok(expr)
            }
            Some(c) if c.is_ascii_alphabetic() => self.check_or_macro(),
            Some(_) => Err(self.error(
                self.peek_word(),
                "a condition cannot begin like this",
                "expected a field, a macro, `not` or `(`",
            )),
            None => Err(self.error(
                self.at..self.at,
                "the condition ends too early",
                "expected a field, a macro, `not` or `(`",
            )),
        }
    }

    fn check_or_macro(&mut self) -> Result<Expr, SyntaxError> {
        let start = self.at;
        let len = self.rest().find(|c: char| !is_name(c) && c != '.').unwrap_or(self.rest().len());
        let name = &self.rest()[..len];
        self.at += len;
        let word = Word { text: name.to_owned(), span: start..self.at, quoted: false };
        if !name.contains('.') {
            let after = self.rest().trim_start_matches(is_blank);
            // Something that is compared must have been meant as a field.
            if after.starts_with(['=', '!', '<', '>', '[']) {
                let mut error = self.error(word.span, format!("{name} is no field"), "a field has a dot in its name");
                let fields = FIELDS.iter().map(|def| def.name);
                error.help = nearest(name, fields.clone())
                    .or_else(|| fields.clone().find(|field| field.rsplit('.').next() == Some(name)))
                    .map(|field| format!("did you mean {field}?"));
                return Err(error);
            }
            if after.starts_with('(')
                && matches!(name, "tolower" | "toupper" | "b64" | "basename" | "len" | "join" | "concat" | "getopt")
            {
                return Err(self.error(
                    word.span,
                    format!("the transformer {name} is not understood yet"),
                    "use the field itself",
                ));
            }
            return Ok(Expr::Macro(word));
        }
        let arg = self.argument()?;
        let (op, op_span) = self.operator(&word)?;
        let values = self.values(op)?;
        Ok(Expr::Check(Check { field: word, arg, op, op_span, values }))
    }

    /// `[…]` behind a field.
    fn argument(&mut self) -> Result<Option<Word>, SyntaxError> {
        if self.peek() != Some('[') {
            return Ok(None);
        }
        let open = self.at;
        self.at += 1;
        let word = match self.peek() {
            Some('"' | '\'') => self.quoted()?,
            _ => {
                let len = self.rest().find(']').unwrap_or(self.rest().len());
                let start = self.at;
                self.at += len;
                Word { text: self.text[start..self.at].to_owned(), span: start..self.at, quoted: false }
            }
        };
        if self.peek() != Some(']') {
            return Err(self.error(open..self.at, "a bracket is not closed", "expected `]`"));
        }
        self.at += 1;
        Ok(Some(word))
    }

    fn operator(&mut self, field: &Word) -> Result<(Op, Range<usize>), SyntaxError> {
        self.blanks();
        let start = self.at;
        let rest = self.rest();
        for (name, op) in Op::ALL {
            let Some(after) = rest.strip_prefix(name) else { continue };
            // An operator of letters ends where no letter follows.
            if name.starts_with(|c: char| c.is_ascii_alphabetic()) && after.starts_with(is_name) {
                continue;
            }
            self.at += name.len();
            return Ok((op, start..self.at));
        }
        if rest.is_empty() || rest.starts_with([')', ',']) {
            let mut error = self.error(
                field.span.clone(),
                format!("{} stands alone", field.text),
                "expected an operator behind it",
            );
            error.help = Some(format!("to ask whether it is known, write {} exists", field.text));
            return Err(error);
        }
        let span = self.peek_word();
        let word = self.text.get(span.clone()).unwrap_or("");
        let mut error = self.error(
            span,
            format!("{word} is no operator"),
            "expected =, !=, <, <=, >, >=, in, contains, startswith, …",
        );
        error.help = match word {
            "regex" | "bcontains" | "bstartswith" => Some(format!("the operator {word} is not understood yet")),
            _ => nearest(word, Op::ALL.iter().map(|(name, _)| *name)).map(|op| format!("did you mean {op}?")),
        };
        Err(error)
    }

    fn values(&mut self, op: Op) -> Result<Vec<Word>, SyntaxError> {
        if op == Op::Exists {
            return Ok(Vec::new());
        }
        self.blanks();
        if !op.takes_list() {
            return Ok(vec![self.value(op)?]);
        }
        if self.peek() != Some('(') {
            return Ok(vec![self.value(op)?]);
        }
        self.at += 1;
        let mut values = Vec::new();
        loop {
            self.blanks();
            if self.peek() == Some(')') {
                self.at += 1;
                return Ok(values);
            }
            // Lists that expand to nothing leave commas behind.
            if self.peek() == Some(',') {
                self.at += 1;
                continue;
            }
            values.push(self.value(op)?);
            self.blanks();
            match self.peek() {
                Some(',' | ')') => {}
                _ => {
                    return Err(self.error(
                        self.peek_word(),
                        "the list goes on without a comma",
                        "expected `,` or `)`",
                    ));
                }
            }
        }
    }

    fn value(&mut self, op: Op) -> Result<Word, SyntaxError> {
        self.blanks();
        if matches!(self.peek(), Some('"' | '\'')) {
            return self.quoted();
        }
        let start = self.at;
        let len = self
            .rest()
            .find(|c: char| is_blank(c) || matches!(c, '(' | ')' | ',' | '=' | '"' | '\''))
            .unwrap_or(self.rest().len());
        if len == 0 {
            let message = format!("{} has nothing to compare with", op.name());
            return Err(self.error(self.peek_word(), message, "expected a value"));
        }
        self.at += len;
        let text = self.text[start..self.at].to_owned();
        if text == "val" && self.peek() == Some('(') {
            return Err(self.error(start..self.at, "val() is not understood yet", "compare with a value"));
        }
        Ok(Word { text, span: start..self.at, quoted: false })
    }

    fn quoted(&mut self) -> Result<Word, SyntaxError> {
        let start = self.at;
        let quote = self.peek();
        self.at += 1;
        let mut text = String::new();
        loop {
            let Some(c) = self.peek() else {
                return Err(self.error(start..self.at, "a quote is not closed", "begins here"));
            };
            self.at += c.len_utf8();
            if Some(c) == quote {
                return Ok(Word { text, span: start..self.at, quoted: true });
            }
            if c != '\\' {
                text.push(c);
                continue;
            }
            let escape = self.at - 1;
            let next = self.peek();
            self.at += next.map_or(0, char::len_utf8);
            match next {
                Some('b') => text.push('\u{8}'),
                Some('f') => text.push('\u{c}'),
                Some('n') => text.push('\n'),
                Some('r') => text.push('\r'),
                Some('t') => text.push('\t'),
                Some(' ') => text.push(' '),
                Some(c @ ('\\' | '/' | '"' | '\'')) => text.push(c),
                Some('x') => {
                    let code =
                        self.rest().get(..2).and_then(|hex| u8::from_str_radix(hex, 16).ok()).filter(u8::is_ascii);
                    let Some(code) = code else {
                        return Err(self.error(
                            escape..self.at,
                            "no such character",
                            "expected \\x and two digits up to 7f",
                        ));
                    };
                    text.push(char::from(code));
                    self.at += 2;
                }
                _ => {
                    return Err(self.error(
                        escape..self.at,
                        "no such escape",
                        "expected one of \\b \\f \\n \\r \\t \\\\ \\/ \\\" \\' \\xHH",
                    ));
                }
            }
        }
    }
}
