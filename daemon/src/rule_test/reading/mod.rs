//! From a file's text to records and expectations. Everything that is wrong with a file is found in one run.
//!
//! | file | is about |
//! |---|---|
//! | `keys.rs` | mappings, and the keys that they may have |
//! | `rules.rs` | which rules a file tests |
//! | `process.rs` | the processes of a test |
//! | `container.rs` | the containers that they are in |
//! | `event.rs` | events: their parameters, and what is understood of itself |
//! | `value.rs` | values of parameters, by their types |
//! | `descriptor.rs` | descriptors, sockets and addresses as text |
//! | `words.rs` | command lines as words |
//! | `fires.rs` | what is expected |

mod container;
mod descriptor;
mod event;
mod fires;
mod keys;
mod process;
mod rules;
mod value;
mod words;

use super::machine::FIRST_EVENT_NS;
use super::problem::{Problem, Problems, SourceText};
use super::{RuleTexts, Test, TestFile};
use crate::document::{self, Content, Node};
use event::Event;
use kestrel_rules::{LoadErrors, RuleSet};
use keys::Keys;
use process::Tree;
use std::collections::HashMap;
use std::fmt;
use std::path::Path;

/// Greatest file of tests, in bytes.
pub const MAX_BYTES: usize = 1 << 20;

/// Most tests of a file.
pub const MAX_TESTS: usize = 10_000;

/// Most processes of a test.
pub const MAX_PROCESSES: usize = 64;

/// Most events of a test, the judged one included.
pub const MAX_EVENTS: usize = 256;

/// Most records of a file: two for each process of a test, one for each event.
pub const MAX_RECORDS: usize = 65_536;

/// Keys of a file.
const FILE_KEYS: [&str; 4] = ["rules", "static_fields", "matching", "tests"];

/// Keys of a test.
const TEST_KEYS: [&str; 7] = ["name", "process", "processes", "before", "event", "fires", "silent"];

/// Nanoseconds between two records of a test.
const STEP_NS: u64 = 1_000_000;

/// Something that is wrong with a file of tests, or with the rules that it names.
#[derive(Clone, Debug)]
pub enum Wrong {
    /// With the tests.
    Tests(Problem),
    /// With the rules: everything.
    Rules(LoadErrors),
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Wrong::Tests(problem) => problem.fmt(f),
            Wrong::Rules(errors) => errors.fmt(f),
        }
    }
}

/// Reads a file of tests. Rule files that it names are looked for in `folder`.
///
/// # Errors
/// Everything that is wrong, each with its place.
pub fn read(name: &str, text: &str, folder: &Path) -> Result<TestFile, Vec<Wrong>> {
    let source = SourceText { name: name.to_owned(), text: text.to_owned() };
    let mut problems = Problems::of(source);
    let Some((sources, tested, tests)) = whole(folder, &mut problems) else {
        return Err(problems.into_found().into_iter().map(Wrong::Tests).collect());
    };
    let wrong_rules = tested.as_ref().err().cloned().map(Wrong::Rules);
    if problems.is_empty()
        && let Ok(rules) = tested
    {
        return Ok(TestFile { name: name.to_owned(), sources, rules, tests });
    }
    Err(wrong_rules.into_iter().chain(problems.into_found().into_iter().map(Wrong::Tests)).collect())
}

type Rules = Result<RuleSet, LoadErrors>;

fn whole(folder: &Path, problems: &mut Problems) -> Option<(RuleTexts, Rules, Vec<Test>)> {
    let length = problems.source().text.len();
    if length > MAX_BYTES {
        let message = format!("the file has more than {MAX_BYTES} bytes");
        problems.at(0..0, message, format!("it has {length}"), None);
        return None;
    }
    let text = problems.source().text.clone();
    let document = match document::parse(&text) {
        Ok(document) => document,
        Err((at, message)) => {
            problems.at(offset(&text, at), "this cannot be read as YAML".to_owned(), message, None);
            return None;
        }
    };
    let keys = Keys::of(&document, "a file of tests", &FILE_KEYS, problems)?;
    let matching = rules::matching(keys.get("matching"), problems);
    let sources = RuleTexts {
        files: rules::sources(keys.get("rules"), folder, problems),
        static_fields: rules::static_fields(keys.get("static_fields"), problems),
    };
    let loaded = rules::load(&sources, matching);
    let mut tests = Vec::new();
    match keys.get("tests").map(|node| (node, &node.value)) {
        None => problems.add(&document.referenced, "a file of tests has tests", "the key tests is missing"),
        Some((node, Content::List(nodes))) => {
            if nodes.is_empty() {
                problems.add(&node.referenced, "a file of tests has tests", "there is none");
            }
            if let Some(node) = nodes.get(MAX_TESTS) {
                problems.add(&node.referenced, format!("a file has at most {MAX_TESTS} tests"), "one more");
            }
            let mut names = HashMap::new();
            let mut records = 0;
            for node in nodes.iter().take(MAX_TESTS) {
                if let Some(test) = test(node, loaded.as_ref().ok(), &mut names, problems) {
                    records += test.before.len() + 1;
                    tests.push(test);
                }
                if records > MAX_RECORDS {
                    let message =
                        format!("a file stands for at most {MAX_RECORDS} records, two a process and one an event");
                    problems.add(&node.referenced, message, "here are more");
                    break;
                }
            }
        }
        Some((node, other)) => {
            problems.add(&node.referenced, "tests must be a list", format!("this is {}", other.describe()));
        }
    }
    Some((sources, loaded, tests))
}

/// Where a line and a column are, both counted from 1; columns count characters.
fn offset(text: &str, at: Option<(u64, u64)>) -> std::ops::Range<usize> {
    let Some((line, column)) = at else { return 0..0 };
    let number = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
    let before: usize = text.split_inclusive('\n').take(number(line).saturating_sub(1)).map(str::len).sum();
    let rest = text.get(before..).unwrap_or("");
    let within = rest.char_indices().nth(number(column).saturating_sub(1)).map_or(rest.len(), |(at, _)| at);
    before + within..before + within
}

fn test(
    node: &Node,
    rules: Option<&RuleSet>,
    names: &mut HashMap<String, u64>,
    problems: &mut Problems,
) -> Option<Test> {
    let keys = Keys::of(node, "a test", &TEST_KEYS, problems)?;
    let name = keys.text("name", problems);
    let line = node.referenced.line();
    if let Some(name) = &name
        && let Some(first) = names.insert(name.clone(), line)
    {
        let at = keys.get("name").map_or(node.referenced, |node| node.referenced);
        problems.add(&at, format!("two tests are called {name}"), format!("the first stands in line {first}"));
    }
    let fires = fires::read(&keys, node, rules, problems);
    let tree = Tree::read(&keys, node, problems);
    let before: Option<Vec<Event>> = match keys.get("before").map(|node| (node, &node.value)) {
        None => Some(Vec::new()),
        Some((_, Content::List(nodes))) if nodes.len() < MAX_EVENTS => {
            let events = nodes.iter().map(|node| Event::read(node, &tree, problems));
            // All of them are read, so that all that is wrong is found.
            events.collect::<Vec<_>>().into_iter().collect()
        }
        Some((node, Content::List(_))) => {
            problems.add(&node.referenced, format!("a test has at most {MAX_EVENTS} events"), "these are more");
            None
        }
        Some((node, other)) => {
            problems.add(&node.referenced, "before must be a list of events", format!("this is {}", other.describe()));
            None
        }
    };
    let judged = match keys.get("event") {
        Some(node) => Event::read(node, &tree, problems),
        None => {
            problems.add(&node.referenced, "a test has an event", "the key event is missing");
            None
        }
    };
    let silent = fires::silent(&keys, judged.as_ref().map(Event::id), rules, problems);
    let (name, before, expected, silent, judged) = (name?, before?, fires?, silent?, judged?);
    if !tree.is_whole() {
        return None;
    }

    // A process whose first event is the exec that made it what it is has not made that exec before.
    let firsts = before.iter().chain([&judged]).fold(HashMap::new(), |mut firsts, event| {
        firsts.entry(event.by).or_insert(event.is_own_exec());
        firsts
    });
    let mut time_ns = FIRST_EVENT_NS;
    let mut next = || {
        time_ns += STEP_NS;
        time_ns
    };
    let mut records = Vec::new();
    for record in tree.births(|process| firsts.get(&process) != Some(&true), &mut next) {
        records.push(build(&record, &node.referenced, problems)?);
    }
    for event in &before {
        records.push(build(&event.record(&tree, next()), &event.at, problems)?);
    }
    let judged = build(&judged.record(&tree, next()), &judged.at, problems)?;
    let containers = tree.containers();
    Some(Test { name, line, containers, before: records, judged, expected, silent })
}

fn build(
    record: &crate::record_builder::RecordBuilder,
    at: &serde_saphyr::Location,
    problems: &mut Problems,
) -> Option<Vec<u64>> {
    let built = record.build().ok();
    if built.is_none() {
        let message = format!("a record has at most {} bytes", kestrel_core::event::MAX_RECORD);
        problems.add(at, message, format!("that of {} would have more", record.event().name));
    }
    built
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_about_rule_tests_has_every_key() {
        let page = include_str!("../../../../docs/RULE-TESTS.md");
        let first_cells: String =
            page.lines().filter_map(|line| line.strip_prefix("| ")?.split(" | ").next()).collect::<Vec<_>>().join("\n");
        let all = [
            &FILE_KEYS[..],
            &TEST_KEYS,
            &process::KEYS,
            &container::KEYS,
            &container::POD_KEYS,
            &event::KEYS,
            &fires::KEYS,
        ]
        .concat();
        for key in all {
            assert!(first_cells.contains(&format!("`{key}`")), "docs/RULE-TESTS.md has no row for {key}");
        }
        for bound in [MAX_TESTS, MAX_PROCESSES, MAX_EVENTS, MAX_RECORDS] {
            let shown =
                if bound >= 10_000 { format!("{},{:03}", bound / 1000, bound % 1000) } else { bound.to_string() };
            assert!(page.contains(&shown), "docs/RULE-TESTS.md does not say {shown}");
        }
    }
}
