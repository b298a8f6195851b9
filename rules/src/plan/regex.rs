//! Regular expressions as RE2 understands them: the whole text must match, `\d`, `\s` and `\w` are ASCII, `.` is any
//! character but a line feed. Matching takes time in proportion to the text, and no memory.
//!
//! A small expression becomes a table (a DFA), a larger one is simulated (a Thompson NFA), which is slower and never large.
//! Before it is searched, whatever of a text is not UTF-8 is taken for U+FFFD.

use bumpalo::Bump;
use regex_automata::dfa::{Automaton, StartKind, dense};
use regex_automata::nfa::thompson::{self, NFA, pikevm};
use regex_automata::util::{primitives::StateID, syntax};
use regex_automata::{Anchored, Input, MatchKind};
use regex_syntax::hir::{Hir, HirKind};
use std::sync::{Mutex, PoisonError};

/// Bytes that an expression may have.
const MAX_PATTERN: usize = 8 << 10;
/// Bytes of an expression's states.
const MAX_NFA: usize = 512 << 10;
/// Bytes of a table: beyond, it is simulated.
const MAX_TABLE: usize = 48 << 10;

/// A regular expression.
#[derive(Debug)]
pub struct Regex {
    machine: Machine,
    needed: Option<Needed>,
}

#[derive(Debug)]
enum Machine {
    Table(Box<dense::DFA<Vec<u32>>>),
    Simulated(Box<(pikevm::PikeVM, Mutex<pikevm::Cache>)>),
}

impl Regex {
    /// Compiles an expression.
    ///
    /// # Errors
    /// Why it is none, or that it is too large, in one line.
    pub fn new(pattern: &[u8]) -> Result<Regex, String> {
        if pattern.len() > MAX_PATTERN {
            return Err(format!("it is longer than {MAX_PATTERN} bytes"));
        }
        let pattern = std::str::from_utf8(pattern).map_err(|_| "it is not UTF-8".to_owned())?;
        let pattern = format!("(?:{})\\z", translated(pattern));
        let syntax = syntax::Config::new().utf8(false).nest_limit(100);
        let config = thompson::Config::new().utf8(false).shrink(false).nfa_size_limit(Some(MAX_NFA));
        let nfa = thompson::Compiler::new()
            .configure(config.which_captures(thompson::WhichCaptures::None))
            .syntax(syntax)
            .build(&pattern)
            .map_err(|error| reason(&error))?;
        let machine = match table(&nfa) {
            Some(table) => Machine::Table(Box::new(table)),
            None => {
                let config = pikevm::Config::new().match_kind(MatchKind::All);
                let vm =
                    pikevm::Builder::new().configure(config).build_from_nfa(nfa).map_err(|error| reason(&error))?;
                let cache = vm.create_cache();
                Machine::Simulated(Box::new((vm, Mutex::new(cache))))
            }
        };
        Ok(Regex { machine, needed: needed(&pattern) })
    }

    /// What every text that matches has. `None` if nothing is known of that.
    pub fn needed(&self) -> Option<&Needed> {
        self.needed.as_ref()
    }

    /// True if it became a table, false if it is simulated.
    pub fn is_table(&self) -> bool {
        matches!(self.machine, Machine::Table(_))
    }

    /// Whether the whole text matches.
    pub fn matches(&self, text: &[u8], arena: &Bump) -> bool {
        let text = match std::str::from_utf8(text) {
            Ok(_) => text,
            Err(_) => repaired(text, arena),
        };
        match &self.machine {
            Machine::Table(table) => runs_through(table, text),
            Machine::Simulated(both) => {
                let (vm, cache) = &**both;
                let input = Input::new(text).anchored(Anchored::Yes).earliest(true);
                let mut cache = cache.lock().unwrap_or_else(PoisonError::into_inner);
                vm.is_match(&mut cache, input)
            }
        }
    }
}

/// What every text has that matches an expression: only ASCII, which is the same before and after what is not UTF-8 was taken
/// for U+FFFD.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Needed {
    /// It begins with one of these.
    Front(Box<[Box<[u8]>]>),
    /// It contains this.
    Inside(Box<[u8]>),
}

fn needed(pattern: &str) -> Option<Needed> {
    let hir = regex_syntax::ParserBuilder::new().utf8(false).nest_limit(100).build().parse(pattern).ok()?;
    beginnings(&hir).map(Needed::Front).or_else(|| longest_part(&hir).map(Needed::Inside))
}

/// The texts that what matches begins with, if they are few.
fn beginnings(hir: &Hir) -> Option<Box<[Box<[u8]>]>> {
    let found = regex_syntax::hir::literal::Extractor::new().extract(hir);
    let mut texts: Vec<Box<[u8]>> = Vec::new();
    for literal in found.literals()? {
        let ascii = literal.as_bytes().iter().position(|byte| !byte.is_ascii()).unwrap_or(literal.len());
        if ascii == 0 {
            return None;
        }
        texts.push(literal.as_bytes()[..ascii].into());
    }
    texts.sort();
    texts.dedup();
    Some(texts.into())
}

/// The longest text that stands in whatever matches.
fn longest_part(hir: &Hir) -> Option<Box<[u8]>> {
    let mut best: &[u8] = &[];
    let mut rest = vec![hir];
    while let Some(hir) = rest.pop() {
        match hir.kind() {
            HirKind::Concat(parts) => rest.extend(parts),
            HirKind::Capture(capture) => rest.push(&capture.sub),
            HirKind::Repetition(repetition) if repetition.min > 0 => rest.push(&repetition.sub),
            HirKind::Literal(literal) => {
                let ascii = literal.0.split(|byte| !byte.is_ascii());
                best = ascii.chain([best]).max_by_key(|text| text.len()).unwrap_or(best);
            }
            _ => {}
        }
    }
    (!best.is_empty()).then(|| best.into())
}

/// The table of an expression, if it is small.
fn table(nfa: &NFA) -> Option<dense::DFA<Vec<u32>>> {
    let config = dense::Config::new()
        .match_kind(MatchKind::All)
        .start_kind(StartKind::Anchored)
        .dfa_size_limit(Some(MAX_TABLE))
        .determinize_size_limit(Some(8 * MAX_TABLE));
    dense::Builder::new().configure(config).build_from_nfa(nfa).ok()
}

fn runs_through(table: &dense::DFA<Vec<u32>>, text: &[u8]) -> bool {
    let Ok(mut state) = table.start_state_forward(&Input::new(text).anchored(Anchored::Yes)) else { return false };
    for &byte in text {
        state = table.next_state(state, byte);
        if table.is_dead_state(state) {
            return false;
        }
    }
    let end: StateID = table.next_eoi_state(state);
    table.is_match_state(end)
}

/// The text with U+FFFD for whatever is not UTF-8.
fn repaired<'a>(text: &[u8], arena: &'a Bump) -> &'a [u8] {
    let mut out = bumpalo::collections::Vec::new_in(arena);
    for chunk in text.utf8_chunks() {
        out.extend_from_slice(chunk.valid().as_bytes());
        if !chunk.invalid().is_empty() {
            out.extend_from_slice("\u{fffd}".as_bytes());
        }
    }
    out.into_bump_slice()
}

/// What is wrong, in one line.
fn reason(error: &dyn std::error::Error) -> String {
    if error.to_string().contains("exceed") {
        return format!("it needs more than {MAX_NFA} bytes");
    }
    let mut deepest = error;
    while let Some(source) = deepest.source() {
        deepest = source;
    }
    let text = deepest.to_string();
    let line = text.lines().rev().map(str::trim).find(|line| !line.is_empty()).unwrap_or("it cannot be read");
    line.trim_start_matches("error: ").to_owned()
}

/// RE2's classes and brackets in the words of the syntax that is compiled.
fn translated(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len() + 16);
    let mut chars = pattern.chars().peekable();
    let mut in_class = false;
    let mut class_start = false;
    while let Some(c) = chars.next() {
        let at_start = std::mem::take(&mut class_start);
        match c {
            '\\' => {
                let escaped = match chars.next() {
                    Some('d') => {
                        if in_class {
                            "0-9"
                        } else {
                            "[0-9]"
                        }
                    }
                    Some('D') => "[^0-9]",
                    Some('w') => {
                        if in_class {
                            "0-9A-Za-z_"
                        } else {
                            "[0-9A-Za-z_]"
                        }
                    }
                    Some('W') => "[^0-9A-Za-z_]",
                    Some('s') => {
                        if in_class {
                            "\\t\\n\\f\\r "
                        } else {
                            "[\\t\\n\\f\\r ]"
                        }
                    }
                    Some('S') => "[^\\t\\n\\f\\r ]",
                    Some('b') if !in_class => "(?-u:\\b)",
                    Some('B') if !in_class => "(?-u:\\B)",
                    Some('Q') if !in_class => {
                        let rest: String = chars.clone().collect();
                        let quoted = rest.split("\\E").next().unwrap_or("");
                        let skip = quoted.chars().count() + if quoted.len() < rest.len() { 2 } else { 0 };
                        chars.nth(skip.wrapping_sub(1));
                        quoted.chars().for_each(|c| literal(c, &mut out));
                        continue;
                    }
                    Some(other) => {
                        out.push('\\');
                        out.push(other);
                        continue;
                    }
                    None => "\\",
                };
                out.push_str(escaped);
            }
            '[' if !in_class => {
                in_class = true;
                class_start = true;
                out.push('[');
                if chars.peek() == Some(&'^') {
                    chars.next();
                    out.push('^');
                }
            }
            '[' => {
                // A class by its name, or a bracket like any other character.
                let named = chars.peek() == Some(&':');
                out.push_str(if named { "[" } else { "\\[" });
                if named {
                    for c in chars.by_ref() {
                        out.push(c);
                        if c == ']' {
                            break;
                        }
                    }
                }
            }
            ']' if in_class && at_start => out.push_str("\\]"),
            ']' if in_class => {
                in_class = false;
                out.push(']');
            }
            '&' | '~' if in_class => literal(c, &mut out),
            other => out.push(other),
        }
    }
    out
}

fn literal(c: char, out: &mut String) {
    if c.is_ascii_punctuation() {
        out.push('\\');
    }
    out.push(c);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, text: impl AsRef<[u8]>) -> bool {
        Regex::new(pattern.as_bytes()).unwrap().matches(text.as_ref(), &Bump::new())
    }

    #[test]
    fn the_whole_text_must_match() {
        assert!(matches("a|ab", "ab") && matches("ab|a", "a") && matches("a*?", "aaa"));
        assert!(!matches("a", "ab") && !matches("b", "ab") && !matches("a", "a\n") && !matches("a$", "a\n"));
        assert!(matches("^a$", "a") && matches("", "") && !matches("", "a"));
    }

    #[test]
    fn classes_are_ascii_and_a_dot_is_a_character() {
        assert!(matches("\\d+", "12") && !matches("\\d", "\u{0663}") && !matches("\\w", "\u{e9}"));
        assert!(
            matches("[\\d_]+", "1_") && matches("[^\\s]", "x") && !matches("\\s", "\u{a0}") && !matches("\\s", "\u{b}")
        );
        assert!(matches(".", "\u{e9}") && !matches("..", "\u{e9}") && !matches(".", "\n") && matches(".", b"\xff"));
        assert!(
            matches("[[:alpha:]]+", "abc") && matches("[[a]", "[") && matches("[]a]", "]") && matches("[a&&b]+", "&a")
        );
        assert!(matches("\\Qa.b\\E+", "a.bb") && !matches("\\Qa.b\\E", "axb"));
    }

    #[test]
    fn a_large_expression_is_simulated_and_says_the_same() {
        // As a table it would have a state for every set of places where the last `a`s were.
        let regex = Regex::new(b"[ab]*a[ab]{14}").unwrap();
        assert!(matches!(regex.machine, Machine::Simulated(_)));
        let matches = |text: &str| regex.matches(text.as_bytes(), &Bump::new());
        assert!(matches("bbabbbbbbbbbbbbbb") && matches("aaaaaaaaaaaaaaaaaaa"));
        assert!(!matches("bbbabbbbbbbbbbbbbbb") && !matches("abbbbbbbbbbbbbbx") && !matches(""));
    }

    #[test]
    fn what_every_text_has_that_matches_is_known() {
        let needed = |pattern: &str| match Regex::new(pattern.as_bytes()).unwrap().needed() {
            Some(Needed::Front(texts)) => {
                texts.iter().map(|text| format!("{}…", String::from_utf8_lossy(text))).collect::<Vec<_>>().join(" ")
            }
            Some(Needed::Inside(text)) => format!("…{}…", String::from_utf8_lossy(text)),
            None => "nothing".to_owned(),
        };
        let patterns = [
            "/etc/[a-c]x.*",
            "ab|cd.*",
            "(?i)ab",
            "a\u{e9}.",
            ".*x",
            ".*(abc)+/d?ef[0-9]",
            "a?b*",
            "^x+",
            "[a-z]+",
            "\u{fffd}ab",
            ".*(a|b)",
            "",
        ];
        insta::assert_snapshot!(patterns.map(|pattern| format!("{pattern}: {}", needed(pattern))).join("\n"), @"
        /etc/[a-c]x.*: /etc/ax… /etc/bx… /etc/cx…
        ab|cd.*: ab… cd…
        (?i)ab: AB… Ab… aB… ab…
        aé.: a…
        .*x: …x…
        .*(abc)+/d?ef[0-9]: …abc…
        a?b*: nothing
        ^x+: x…
        [a-z]+: nothing
        �ab: …ab…
        .*(a|b): nothing
        : nothing
        ");
    }

    #[test]
    fn what_is_wrong_or_too_large_is_said() {
        let error = |pattern: &str| Regex::new(pattern.as_bytes()).unwrap_err();
        insta::assert_snapshot!(error("a("), @"unclosed group");
        insta::assert_snapshot!(error("a(?=b)"), @"look-around, including look-ahead and look-behind, is not supported");
        insta::assert_snapshot!(error("(a)\\1"), @"backreferences are not supported");
        insta::assert_snapshot!(error("((a{100}){100}){100}"), @"it needs more than 524288 bytes");
    }
}
