//! What people see: a rule, the tree of its condition, and with an event what decided.

use super::{Answer, Answers, Explained, Part, What};
use kestrel_core::schema;
use std::fmt::Write;

/// Events of a rule that are named.
const NAMED_EVENTS: usize = 8;

/// Characters of a value or a test that are shown.
const MOST: usize = 120;

impl Explained {
    /// The rule in lines; with answers, what each of its tests said, and last what decided. Texts of rule files and of events
    /// stand in them as they are, control characters included.
    pub fn lines(&self, answers: Option<&Answers>) -> Vec<String> {
        let mut lines = vec![
            self.name.to_string(),
            format!("  defined    {}:{}", self.place.file, self.place.line),
            format!("  priority   {}", self.priority.name()),
            format!("  events     {}", self.event_names()),
        ];
        if !self.used {
            lines.push("  used       no: it is switched off, or below the least priority".to_owned());
        }
        lines.push("  condition  in the order in which it is evaluated:".to_owned());
        let mut number = 0;
        tree(&self.condition, 2, &mut number, answers, false, &mut lines);
        if let Some(answers) = answers {
            lines.push(format!("  {}", self.decision(answers)));
        }
        lines
    }

    fn event_names(&self) -> String {
        if &*self.source != "syscall" {
            return format!("those of the source {}", self.source);
        }
        let names: Vec<&str> = self.events.iter().filter_map(schema::get).map(|event| event.name).collect();
        match names.split_at_checked(NAMED_EVENTS) {
            Some((first, rest)) if !rest.is_empty() => format!("{} and {} more", first.join(", "), rest.len()),
            _ => names.join(", "),
        }
    }

    fn decision(&self, answers: &Answers) -> String {
        let event = answers.event.filter(|event| !self.events.contains(*event)).and_then(schema::get);
        if let Some(event) = event {
            return format!("does not match: the rule never looks at {}", event.name);
        }
        let verdict = if answers.holds() { "matches" } else { "does not match" };
        let (part, number) = deciding(&self.condition, 0, answers);
        let (answer, value) = answers.all.get(number).cloned().unwrap_or((Answer::NotReached, None));
        let holds = answer == Answer::Yes;
        let place = &part.place;
        let count = part.terms.len();
        let why = match &part.what {
            What::All => format!("all {count} parts of what stands at {place} hold"),
            What::Any | What::Merged { .. } => format!("none of the {count} parts of what stands at {place} holds"),
            What::Macro { name, .. } => format!("the macro {name} {}, at {place}", word(holds)),
            What::Not => format!("what stands at {place} {}", word(holds)),
            What::Test { text, .. } => {
                let seen = value.map_or_else(String::new, |value| format!(", it sees {}", cut(&value)));
                format!("{} {}, at {place}{seen}", cut(text), word(holds))
            }
        };
        format!("{verdict}: {why}")
    }
}

fn word(holds: bool) -> &'static str {
    if holds { "holds" } else { "does not hold" }
}

/// The part that made the whole what it is: as far down as one part alone did, with its number.
fn deciding<'p>(part: &'p Part, number: usize, answers: &Answers) -> (&'p Part, usize) {
    let answer = |number: usize| answers.all.get(number).map_or(Answer::NotReached, |(answer, _)| *answer);
    let mut next = number + 1;
    let mut terms = part.terms.iter().map(|term| {
        let this = next;
        next += term.size();
        (term, this)
    });
    let found = match (&part.what, answer(number)) {
        (What::All, Answer::No) => terms.find(|(_, number)| answer(*number) == Answer::No),
        (What::Any | What::Merged { .. }, Answer::Yes) => terms.find(|(_, number)| answer(*number) == Answer::Yes),
        (What::Not | What::Macro { .. }, _) => terms.next(),
        _ => None,
    };
    found.map_or((part, number), |(term, number)| deciding(term, number, answers))
}

/// The lines of a part and of all below it. Tests that were made one say neither what they became nor what they see.
fn tree(
    part: &Part,
    depth: usize,
    number: &mut usize,
    answers: Option<&Answers>,
    is_merged: bool,
    lines: &mut Vec<String>,
) {
    let (words, plan) = match &part.what {
        What::All => ("all of".to_owned(), None),
        What::Any => ("any of".to_owned(), None),
        What::Not => ("not".to_owned(), None),
        What::Macro { name, defined } => {
            let closed = if part.terms.is_empty() { ", left closed: the condition is too large" } else { "" };
            (format!("macro {name} ({}:{}){closed}", defined.file, defined.line), Some(""))
        }
        What::Test { text, plan } => (cut(text), (!is_merged).then_some(plan.as_str())),
        What::Merged { plan } => ("any of, as one test".to_owned(), Some(plan.as_str())),
    };
    let mut line = String::new();
    let (answer, value) = answers
        .and_then(|answers| answers.all.get(*number))
        .map_or((None, None), |(answer, value)| (Some(*answer), value.as_ref().filter(|_| !is_merged)));
    // Writing to memory cannot fail.
    let _ = match answer {
        None => write!(line, "{:1$}{words}", "", 2 * depth),
        Some(Answer::Yes) => write!(line, "  {:<13}{:2$}{words}", "yes", "", 2 * (depth - 2)),
        Some(Answer::No) => write!(line, "  {:<13}{:2$}{words}", "no", "", 2 * (depth - 2)),
        Some(Answer::NotReached) => write!(line, "  {:<13}{:2$}{words}", "not reached", "", 2 * (depth - 2)),
    };
    let shared = match (part.shared, plan) {
        (0, _) | (_, None) => String::new(),
        (1, _) => "one other rule asks it".to_owned(),
        (n, _) => format!("{n} other rules ask it"),
    };
    let notes: Vec<&str> = [plan.unwrap_or(""), &shared].into_iter().filter(|note| !note.is_empty()).collect();
    if !notes.is_empty() {
        let _ = write!(line, "  [{}]", notes.join("; "));
    }
    if let Some(value) = value {
        let _ = write!(line, "  sees {}", cut(value));
    }
    lines.push(line);
    *number += 1;
    let merged = matches!(part.what, What::Merged { .. });
    part.terms.iter().for_each(|term| tree(term, depth + 1, number, answers, merged, lines));
}

/// A text without what is too long to be read.
fn cut(text: &str) -> String {
    match text.char_indices().nth(MOST) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}
