//! Questions about texts.

use super::ask::composed;
use super::known::{Text, between};
use crate::plan::{End, Listed, PathSet, Predicate};
use kestrel_core::filter::build::{Condition, Is, Operand};
use kestrel_core::filter::{Load, MAX_PATTERN, MAX_TEXT, Part};

/// Endings and patterns that are tried one by one, at most.
const MOST_TRIED: usize = 32;

/// A text.
pub fn text(text: Text, predicate: &Predicate) -> Condition {
    // A path whose bytes are known has some, and so has its folder.
    let never_empty = matches!(text.what.load, Load::FdPath | Load::Path) && text.what.part != Part::Name;
    if !text.missing_if_empty || never_empty {
        return asked(text, predicate);
    }
    let empty = Condition::test(text.what, Is::Text(Vec::new()));
    // An empty text is missing, and satisfies nothing; it has to be told apart where it would.
    if predicate_of_empty(predicate) {
        Condition::all([Condition::not(empty), asked(text, predicate)])
    } else {
        asked(text, predicate)
    }
}

/// Any of the names of the ancestors. What is made of several questions is asked of each name by itself, which only alternatives
/// can be.
pub fn any_ancestor(predicate: &Predicate) -> Condition {
    let what = Operand::event(Load::AncestorName);
    match predicate {
        Predicate::Any(all) => Condition::any(all.iter().map(any_ancestor)),
        Predicate::ByType(_, of_text) => any_ancestor(of_text),
        Predicate::Text(_)
        | Predicate::TextIn(_)
        | Predicate::StartsWith(_)
        | Predicate::EndsWith(_)
        | Predicate::Affix(_)
        | Predicate::Contains(_)
        | Predicate::Glob(_)
            if !predicate_of_empty(predicate) =>
        {
            asked(Text::known(what), predicate)
        }
        _ => Condition::Unknown,
    }
}

/// Whether an empty text satisfies a predicate, or may.
fn predicate_of_empty(predicate: &Predicate) -> bool {
    match predicate {
        Predicate::Text(text) => text.is_empty(),
        Predicate::TextIn(texts) => texts.contains(b""),
        Predicate::StartsWith(text) | Predicate::EndsWith(text) => text.is_empty(),
        Predicate::Affix(affixes) => affixes.iter().any(<[u8]>::is_empty),
        Predicate::Contains(finder) => finder.needle().is_empty(),
        Predicate::PathIn(paths) => paths.has_relative(),
        Predicate::Glob(glob) => glob.matches(b""),
        Predicate::Any(all) => all.iter().any(predicate_of_empty),
        Predicate::ByType(_, of_text) => predicate_of_empty(of_text),
        Predicate::Never => false,
        _ => true,
    }
}

fn asked(text: Text, predicate: &Predicate) -> Condition {
    let what = text.what;
    if let Some(condition) = composed(what, predicate, |part| asked(text, part)) {
        return condition;
    }
    let is = |is: Is| Condition::test(what, is);
    match predicate {
        Predicate::ByType(_, of_text) => asked(text, of_text),
        Predicate::Text(wanted) if wanted.len() <= MAX_TEXT => is(Is::Text(wanted.to_vec())),
        Predicate::TextIn(texts) if texts.iter().all(|wanted| wanted.len() <= MAX_TEXT) => {
            is(Is::TextAmong(texts.iter().map(<[u8]>::to_vec).collect()))
        }
        Predicate::StartsWith(front) if front.len() <= MAX_TEXT => is(Is::Prefix(front.to_vec())),
        Predicate::EndsWith(back) if back.len() <= MAX_TEXT => is(Is::Suffix(back.to_vec())),
        Predicate::Affix(affixes) if affixes.iter().any(|affix| affix.len() > MAX_TEXT) => Condition::Unknown,
        Predicate::Affix(affixes) if affixes.end() == End::Front => {
            is(Is::PrefixAmong(affixes.iter().map(<[u8]>::to_vec).collect()))
        }
        Predicate::Affix(affixes) if affixes.len() <= MOST_TRIED => {
            Condition::any(affixes.iter().map(|affix| is(Is::Suffix(affix.to_vec()))))
        }
        Predicate::Contains(finder) if finder.needle().len() <= MAX_PATTERN => {
            is(Is::Contains(finder.needle().to_vec()))
        }
        Predicate::Glob(glob) => match glob.widened() {
            None => Condition::Never,
            Some((pattern, _)) if pattern.len() > MAX_PATTERN => Condition::Unknown,
            Some((pattern, true)) => is(Is::Glob(pattern)),
            Some((pattern, false)) => between(Condition::Never, is(Is::Glob(pattern))),
        },
        Predicate::PathIn(paths) => lies_in(text, paths),
        Predicate::Bool(..) | Predicate::NetworkIn(_) => Condition::Never,
        // Numbers in texts, regular expressions, texts whose case does not count.
        _ => Condition::Unknown,
    }
}

/// The text is one of these paths, or lies below one.
fn lies_in(text: Text, paths: &PathSet) -> Condition {
    let listed = paths.listed();
    let too_long = listed.plain.iter().any(|path| path.len() > MAX_TEXT)
        || listed.patterns.len() > MOST_TRIED
        || listed.patterns.iter().any(|pattern| pattern.len() + 2 > MAX_PATTERN);
    if listed.every_relative || too_long {
        return Condition::Unknown;
    }
    let doubled = may_double(text, &listed) || paths.has_relative();
    let is = |is: Is| Condition::test(text.what, is);
    // The root holds every absolute path, an empty text it does not.
    let root = listed.plain.iter().any(Vec::is_empty);
    let plain: Vec<Vec<u8>> = listed.plain.into_iter().filter(|path| !path.is_empty()).collect();
    let mut certain = Vec::new();
    if root {
        certain.push(is(Is::Prefix(b"/".to_vec())));
    }
    if !plain.is_empty() {
        certain.push(is(Is::PathPrefixAmong(plain)));
    }
    // A star matches slashes too here: no more than perhaps.
    let mut perhaps = certain.clone();
    for pattern in listed.patterns {
        perhaps.push(is(Is::Glob([&pattern[..], b"/*"].concat())));
        perhaps.push(is(Is::Glob(pattern)));
    }
    if doubled {
        // What lies behind slashes that are doubled is not looked for.
        perhaps.push(is(Is::Contains(b"//".to_vec())));
    }
    let certain = Condition::any(certain);
    let perhaps = Condition::any(perhaps);
    if certain == perhaps { certain } else { between(certain, perhaps) }
}

/// Whether a text may hold two slashes one after another where the set could tell.
fn may_double(text: Text, listed: &Listed) -> bool {
    // The kernel's own names of files and what was made of a caller's have none, but for names that a program chooses for
    // what lies nowhere, such as `/memfd:a//b`.
    let normal = matches!(text.what.load, Load::FdPath | Load::Path);
    let chosen = |path: &Vec<u8>| {
        let first = path.split(|&b| b == b'/').nth(1).unwrap_or_default();
        first.iter().any(|b| matches!(b, b':' | b'*' | b'?'))
    };
    !normal || listed.plain.iter().any(chosen) || listed.patterns.iter().any(chosen)
}
