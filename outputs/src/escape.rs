//! Making event data harmless: a file name can hold anything, a log line cannot.

use std::borrow::Cow;
use std::fmt::Write;

/// True for characters that could end a line, speak to a terminal, or show text in another order than it has: the C0 and
/// C1 controls, DEL, the line and paragraph separators and the bidirectional controls.
pub fn is_unsafe(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The text with every such character written as an escape: `\n`, `\r`, `\t`, `\x1b` or `\u{202e}`.
pub fn line(text: &str) -> Cow<'_, str> {
    if !text.contains(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if is_unsafe(c) && u32::from(c) < 0x80 => {
                let _ = write!(out, "\\x{:02x}", u32::from(c));
            }
            c if is_unsafe(c) => {
                let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// Writes a JSON string: as `serde_json` does, and what [`is_unsafe`] as `\uXXXX` besides.
pub fn json_string(out: &mut String, text: &str) {
    // A string always serializes.
    out.push_str(&json(&serde_json::to_string(text).unwrap_or_default()));
}

/// JSON on one line, as `serde_json` writes it, with what [`is_unsafe`] as `\uXXXX`: such characters are in its strings alone.
pub fn json(text: &str) -> Cow<'_, str> {
    if !text.contains(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_unsafe(c) {
            let _ = write!(out, "\\u{:04x}", u32::from(c));
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}
