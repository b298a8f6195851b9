//! Values: bare or in quotes.

use super::ast::{Literal, Span};
use super::parser::{SyntaxError, is_blank};

/// True for a character that may stand in a value without quotes.
pub fn is_bare(c: char) -> bool {
    !is_blank(c) && !c.is_whitespace() && !matches!(c, '(' | ')' | ',' | '=' | '"' | '\'')
}

/// True for a character that may stand in an argument without quotes.
pub fn is_bare_argument(c: char) -> bool {
    !is_blank(c) && !matches!(c, '[' | ']' | '"' | '\'')
}

/// Reads the quoted value that `text` has at `at`; gives it and where it ends.
pub fn quoted(text: &str, at: usize) -> Result<(Literal, usize), SyntaxError> {
    let rest = text.get(at..).unwrap_or("");
    let mut chars = rest.char_indices();
    let Some((_, quote)) = chars.next() else {
        return Err(SyntaxError::new(at..at, "there is no quote", "expected a quote"));
    };
    let mut bytes = Vec::new();
    while let Some((offset, c)) = chars.next() {
        let mut push = |c: char| bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
        if c == quote {
            let end = at + offset + c.len_utf8();
            return Ok((Literal { bytes, span: Span(at..end), quoted: true }, end));
        }
        if c != '\\' {
            push(c);
            continue;
        }
        let escape = at + offset;
        match chars.next().map(|(_, c)| c) {
            Some('b') => push('\u{8}'),
            Some('f') => push('\u{c}'),
            Some('n') => push('\n'),
            Some('r') => push('\r'),
            Some('t') => push('\t'),
            // Falco has always taken this for a backslash, and rules rely on it.
            Some(' ' | '\\') => push('\\'),
            Some('/') => push('/'),
            Some(c @ ('"' | '\'')) if c == quote => push(c),
            Some(c @ ('"' | '\'')) => {
                let message = format!("\\{c} stands in the other kind of quotes");
                return Err(SyntaxError::new(escape..escape + 2, message, format!("write {c} alone")));
            }
            Some('x') => {
                let hex = text.get(escape + 2..escape + 4).filter(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit()));
                let Some(byte) = hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) else {
                    let label = "expected \\x and two hexadecimal digits";
                    return Err(SyntaxError::new(escape..escape + 2, "no such character", label));
                };
                chars.nth(1);
                bytes.push(byte);
            }
            other => {
                let end = escape + 1 + other.map_or(0, char::len_utf8);
                let label = "expected one of \\b \\f \\n \\r \\t \\\\ \\/ \\\" \\' \\xHH";
                return Err(SyntaxError::new(escape..end, "no such escape", label));
            }
        }
    }
    Err(SyntaxError::new(at..text.len(), "a quote is not closed", "begins here"))
}

/// Reads an item of a list as a condition would if the item stood in it: the values that it is.
pub fn elements(item: &str) -> Result<Vec<Literal>, SyntaxError> {
    let text = item.trim();
    let lead = item.len() - item.trim_start().len();
    let whole = |text: &str| Literal {
        bytes: text.as_bytes().to_vec(),
        span: Span(lead..lead + text.len()),
        quoted: text.contains(is_blank),
    };
    if text.is_empty() {
        return Ok(Vec::new());
    }
    if !text.starts_with(['"', '\'']) {
        // What holds a blank is one value.
        if text.contains(is_blank) || !text.contains(',') {
            return Ok(vec![whole(text)]);
        }
        let mut at = lead;
        let mut values = Vec::new();
        for part in text.split(',') {
            if !part.is_empty() {
                values.push(Literal {
                    bytes: part.as_bytes().to_vec(),
                    span: Span(at..at + part.len()),
                    quoted: false,
                });
            }
            at += part.len() + 1;
        }
        return Ok(values);
    }
    let mut values = Vec::new();
    let mut at = lead;
    loop {
        let (literal, end) = quoted(item, at)?;
        values.push(literal);
        let rest = item.get(end..).unwrap_or("").trim_start();
        if rest.is_empty() {
            return Ok(values);
        }
        at = item.len() - rest.len();
        match rest.strip_prefix(',').map(str::trim_start) {
            Some(next) if next.starts_with(['"', '\'']) => at = item.len() - next.len(),
            _ => {
                return Err(SyntaxError::new(at..item.len(), "the item goes on behind its quotes", "expected the end"));
            }
        }
    }
}
