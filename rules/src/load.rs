//! Loading rule files.

use crate::check::{Checker, Origin};
use crate::diagnostic::{Diagnostic, LoadErrors, Place, Severity, SourceText};
use crate::output::OutputFormat;
use crate::plan::Plan;
use crate::ruleset::{Matching, Rule, RuleSet};
use crate::suggest::nearest;
use crate::syntax::{self, Word};
use crate::yaml::{self, Kind, Node, Scalar};
use kestrel_core::priority::Priority;
use kestrel_core::schema::EventSet;
use std::rc::Rc;

/// A rule file.
#[derive(Clone, Debug)]
pub struct RuleSource {
    /// Its name in messages.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// How rules are loaded.
#[derive(Clone, Copy, Debug)]
pub struct LoadOptions {
    /// Rules below this priority are left out.
    pub least_priority: Priority,
    /// How many rules an event can match.
    pub matching: Matching,
}

impl Default for LoadOptions {
    fn default() -> Self {
        LoadOptions { least_priority: Priority::Debug, matching: Matching::First }
    }
}

/// Rules that were loaded.
#[derive(Debug)]
pub struct Loaded {
    /// The rules.
    pub rules: RuleSet,
    /// What is probably not meant.
    pub warnings: Vec<Diagnostic>,
}

impl RuleSet {
    /// Loads rule files, in order: macros and lists of one can be used in the next.
    ///
    /// # Errors
    /// [`LoadErrors`]: everything that is wrong with any of them.
    pub fn load(sources: &[RuleSource], options: LoadOptions) -> Result<Loaded, LoadErrors> {
        let mut loader = Loader { checker: Checker::default(), rules: Vec::new(), options };
        for source in sources {
            let file = Rc::new(SourceText { name: source.name.clone(), text: source.text.clone() });
            match yaml::parse(&file) {
                Ok(documents) => documents.iter().for_each(|document| loader.document(&file, document)),
                Err(problem) => loader.checker.problems.push(problem),
            }
        }
        let Loader { checker, rules, .. } = loader;
        let slots = checker.slots();
        let (errors, warnings): (Vec<_>, Vec<_>) =
            checker.problems.into_iter().partition(|problem| problem.severity == Severity::Error);
        if !errors.is_empty() {
            return Err(LoadErrors(errors));
        }
        let rules = rules.into_iter().filter_map(|slot| slot.compiled).collect();
        Ok(Loaded { rules: RuleSet::new(rules, slots, options.matching), warnings })
    }
}

/// A rule's place in the order: kept when the rule is defined again.
struct RuleSlot {
    name: String,
    compiled: Option<(Rule, Plan)>,
}

struct Loader {
    checker: Checker,
    rules: Vec<RuleSlot>,
    options: LoadOptions,
}

/// The keys of an item that were found, each with its value.
struct Item<'a> {
    file: &'a Rc<SourceText>,
    kind: &'static str,
    span: std::ops::Range<usize>,
    pairs: &'a [(Node, Node)],
}

impl<'a> Item<'a> {
    fn get(&self, key: &str) -> Option<&'a Node> {
        self.pairs.iter().find(|(name, _)| name.scalar().is_some_and(|name| name.text == key)).map(|(_, value)| value)
    }

    fn place(&self, span: std::ops::Range<usize>) -> Place {
        Place { file: Rc::clone(self.file), span }
    }
}

const LIST_KEYS: &[&str] = &["list", "items"];
const MACRO_KEYS: &[&str] = &["macro", "condition"];
const RULE_KEYS: &[&str] = &[
    "rule",
    "desc",
    "condition",
    "output",
    "priority",
    "source",
    "enabled",
    "tags",
    "warn_evttypes",
    "skip-if-unknown-filter",
    "capture",
    "capture_duration",
];

impl Loader {
    fn error(&mut self, place: Place, message: impl Into<String>, label: impl Into<String>) {
        self.checker.problems.push(Diagnostic::error(place, message, label));
    }

    fn document(&mut self, file: &Rc<SourceText>, document: &Node) {
        match &document.kind {
            Kind::Sequence(items) => items.iter().for_each(|item| self.item(file, item)),
            // An empty document, or one of comments alone.
            Kind::Scalar(scalar) if scalar.text.is_empty() || scalar.text == "~" || scalar.text == "null" => {}
            _ => {
                let place = Place { file: Rc::clone(file), span: document.span.clone() };
                self.error(
                    place,
                    "a rule file is a list of rules, macros and lists",
                    format!("this is {}", document.describe()),
                );
            }
        }
    }

    fn item(&mut self, file: &Rc<SourceText>, node: &Node) {
        let place = Place { file: Rc::clone(file), span: node.span.clone() };
        let Kind::Mapping(pairs) = &node.kind else {
            return self.error(place, "an item is a rule, a macro or a list", format!("this is {}", node.describe()));
        };
        let first = |kind: &'static str| Item { file, kind, span: node.span.clone(), pairs };
        let names: Vec<&str> = pairs.iter().filter_map(|(key, _)| key.scalar()).map(|key| key.text.as_str()).collect();
        if names.contains(&"rule") {
            let item = first("rule");
            self.keys(&item, RULE_KEYS);
            self.rule(&item);
        } else if names.contains(&"macro") {
            let item = first("macro");
            self.keys(&item, MACRO_KEYS);
            self.macro_item(&item);
        } else if names.contains(&"list") {
            let item = first("list");
            self.keys(&item, LIST_KEYS);
            self.list(&item);
        } else if !names.contains(&"required_engine_version") && !names.contains(&"required_plugin_versions") {
            let known = ["rule", "macro", "list", "required_engine_version", "required_plugin_versions"];
            let help = names.first().and_then(|name| nearest(name, known.into_iter()));
            let problem = Diagnostic::error(place, "an item is a rule, a macro or a list", "it has none of these keys");
            self.checker.problems.push(match help {
                Some(name) => problem.help(format!("did you mean {name}?")),
                None => problem,
            });
        }
    }

    /// Looks for keys that the item does not have, and for keys that stand twice.
    fn keys(&mut self, item: &Item<'_>, known: &[&'static str]) {
        let mut seen: Vec<&str> = Vec::new();
        for (key, _) in item.pairs {
            let Some(name) = key.scalar().map(|key| key.text.as_str()) else {
                self.error(item.place(key.span.clone()), "a key is a word", format!("this is {}", key.describe()));
                continue;
            };
            if seen.contains(&name) {
                self.error(item.place(key.span.clone()), format!("the key {name} stands twice"), "the second time");
            }
            seen.push(name);
            if known.contains(&name) {
                continue;
            }
            let place = item.place(key.span.clone());
            if matches!(name, "exceptions" | "append" | "override") {
                self.error(place, format!("{name} is not understood yet"), "write the condition out");
                continue;
            }
            let problem = Diagnostic::warning(place, format!("a {} has no key {name}", item.kind), "ignored");
            self.checker.problems.push(match nearest(name, known.iter().copied()) {
                Some(name) => problem.help(format!("did you mean {name}?")),
                None => problem,
            });
        }
    }

    /// A key's text; a problem if it is missing or no text.
    fn text(&mut self, item: &Item<'_>, key: &str) -> Option<Rc<Scalar>> {
        match item.get(key) {
            None => {
                let label = format!("this {} has none", item.kind);
                // Only the item's first line: what is missing stands nowhere.
                let line =
                    item.file.text.get(item.span.clone()).and_then(|text| text.lines().next()).map_or(0, str::len);
                let span = item.span.start..item.span.start + line;
                self.error(item.place(span), format!("the key {key} is missing"), label);
                None
            }
            Some(node) => match node.scalar() {
                Some(scalar) if !scalar.text.trim().is_empty() => Some(Rc::clone(scalar)),
                Some(_) => {
                    self.error(item.place(node.span.clone()), format!("the key {key} is empty"), "");
                    None
                }
                None => {
                    self.error(
                        item.place(node.span.clone()),
                        format!("{key} must be text"),
                        format!("this is {}", node.describe()),
                    );
                    None
                }
            },
        }
    }

    fn list(&mut self, item: &Item<'_>) {
        let Some(name) = self.text(item, "list") else { return };
        let Some(node) = item.get("items") else {
            self.text(item, "items");
            return;
        };
        let Kind::Sequence(nodes) = &node.kind else {
            return self.error(
                item.place(node.span.clone()),
                "items must be a list",
                format!("this is {}", node.describe()),
            );
        };
        let mut items = Vec::new();
        for node in nodes {
            let Some(scalar) = node.scalar() else {
                self.error(
                    item.place(node.span.clone()),
                    "an item of a list must be text",
                    format!("this is {}", node.describe()),
                );
                continue;
            };
            // Quotes inside YAML's own quotes are the condition language's.
            let text = scalar.text.trim();
            let inner = text
                .strip_prefix('"')
                .and_then(|t| t.strip_suffix('"'))
                .or_else(|| text.strip_prefix('\'').and_then(|t| t.strip_suffix('\'')));
            let word = Word {
                text: inner.unwrap_or(text).to_owned(),
                span: 0..scalar.text.len(),
                quoted: inner.is_some() || !scalar.plain,
            };
            let origin = Origin { file: Rc::clone(item.file), scalar: Rc::clone(scalar) };
            // A list's name stands for its items, in quotes or not.
            let lookup = Word { quoted: inner.is_some(), ..word.clone() };
            if self.checker.lists.contains_key(&lookup.text) && !lookup.quoted {
                items.extend(self.checker.expand(&[lookup], &origin));
            } else {
                items.push(word);
            }
        }
        self.checker.lists.insert(name.text.clone(), Rc::new(items));
    }

    /// Parses and compiles the condition of an item.
    fn condition(&mut self, item: &Item<'_>) -> Option<crate::check::Compiled> {
        let scalar = self.text(item, "condition")?;
        let origin = Origin { file: Rc::clone(item.file), scalar: Rc::clone(&scalar) };
        match syntax::parse(&scalar.text) {
            Ok(expr) => self.checker.compile(&expr, &origin),
            Err(error) => {
                let mut problem = Diagnostic::error(origin.place(error.span), error.message, error.label);
                problem.help = error.help;
                self.checker.problems.push(problem);
                None
            }
        }
    }

    fn macro_item(&mut self, item: &Item<'_>) {
        let name = self.text(item, "macro");
        let compiled = self.condition(item);
        let Some(name) = name else { return };
        // A macro that is wrong is still known: whoever uses it is not to blame.
        let compiled = match compiled {
            Some(compiled) => self.checker.share(compiled),
            None => crate::check::Compiled {
                plan: Plan::Or(Box::default()),
                when_true: EventSet::all(),
                when_false: EventSet::all(),
            },
        };
        self.checker.macros.insert(name.text.clone(), Rc::new(compiled));
    }

    fn boolean(&mut self, item: &Item<'_>, key: &str) -> Option<bool> {
        let node = item.get(key)?;
        match node.scalar().map(|scalar| scalar.text.to_ascii_lowercase()).as_deref() {
            Some("true" | "yes" | "on") => Some(true),
            Some("false" | "no" | "off") => Some(false),
            _ => {
                self.error(
                    item.place(node.span.clone()),
                    format!("{key} is neither true nor false"),
                    "expected true or false",
                );
                None
            }
        }
    }

    fn rule(&mut self, item: &Item<'_>) {
        let Some(name) = self.text(item, "rule") else { return };
        let description = self.text(item, "desc");
        let compiled = self.condition(item);
        let output = self.output(item);
        let priority = self.priority(item);
        let tags = self.tags(item);
        let enabled = self.boolean(item, "enabled").unwrap_or(true);
        let source = item.get("source").and_then(Node::scalar).map_or("syscall", |scalar| &scalar.text).to_owned();
        if source != "syscall" {
            let span = item.get("source").map_or(item.span.clone(), |node| node.span.clone());
            let problem =
                Diagnostic::warning(item.place(span), format!("there is no source {source}"), "the rule is left out");
            self.checker.problems.push(problem);
        }
        let (Some(description), Some(compiled), Some(output), Some(priority)) =
            (description, compiled, output, priority)
        else {
            return;
        };
        if compiled.when_true.is_empty() {
            let span = item.get("condition").map_or(item.span.clone(), |node| node.span.clone());
            let problem = Diagnostic::warning(
                item.place(span),
                "the rule matches no event that this version records",
                "see `kestrel --list-events`",
            );
            self.checker.problems.push(problem);
        } else if compiled.when_true == EventSet::all() && self.boolean(item, "warn_evttypes").unwrap_or(true) {
            let span = item.get("condition").map_or(item.span.clone(), |node| node.span.clone());
            let problem = Diagnostic::warning(
                item.place(span),
                "the rule is asked for every event",
                "name event types with evt.type to save work",
            );
            self.checker.problems.push(problem);
        }
        let wanted = enabled && source == "syscall" && priority <= self.options.least_priority;
        let rule = Rule {
            name: name.text.as_str().into(),
            description: description.text.trim().to_owned(),
            priority,
            source: source.into(),
            tags: tags.into(),
            output,
            events: compiled.when_true,
        };
        let compiled = wanted.then_some((rule, compiled.plan));
        match self.rules.iter_mut().find(|slot| slot.name == name.text) {
            Some(slot) => slot.compiled = compiled,
            None => self.rules.push(RuleSlot { name: name.text.clone(), compiled }),
        }
    }

    fn output(&mut self, item: &Item<'_>) -> Option<OutputFormat> {
        let scalar = self.text(item, "output")?;
        let text = scalar.text.trim_end();
        match OutputFormat::parse(text) {
            Ok(format) => Some(format),
            Err(errors) => {
                let origin = Origin { file: Rc::clone(item.file), scalar };
                for error in errors {
                    let mut problem = Diagnostic::error(origin.place(error.span), error.message, error.label);
                    problem.help = error.help;
                    self.checker.problems.push(problem);
                }
                None
            }
        }
    }

    fn priority(&mut self, item: &Item<'_>) -> Option<Priority> {
        let text = self.text(item, "priority")?;
        let priority = text.text.parse();
        if priority.is_err() {
            let span = item.get("priority").map_or(item.span.clone(), |node| node.span.clone());
            let label = "expected emergency, alert, critical, error, warning, notice, informational or debug";
            let problem = Diagnostic::error(item.place(span), format!("{} is no priority", text.text), label);
            let help = nearest(
                &text.text.to_ascii_lowercase(),
                ["emergency", "alert", "critical", "error", "warning", "notice", "informational", "debug"].into_iter(),
            );
            self.checker.problems.push(match help {
                Some(name) => problem.help(format!("did you mean {name}?")),
                None => problem,
            });
        }
        priority.ok()
    }

    fn tags(&mut self, item: &Item<'_>) -> Vec<String> {
        let Some(node) = item.get("tags") else { return Vec::new() };
        let Kind::Sequence(nodes) = &node.kind else {
            self.error(item.place(node.span.clone()), "tags must be a list", format!("this is {}", node.describe()));
            return Vec::new();
        };
        nodes.iter().filter_map(|node| node.scalar().map(|scalar| scalar.text.clone())).collect()
    }
}
