//! Fields that rules use and nothing here fills in.

use crate::provided::provided;
use kestrel_rules::{Field, RuleSet};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// The fields that rules use and nothing fills in, each with the rules that use it.
#[derive(Debug)]
pub struct Unfilled {
    rules: BTreeMap<Field, Vec<Arc<str>>>,
    most: usize,
}

impl Unfilled {
    /// Those of these rules; `None` if there are none. Of each field at most `most` rules are named, the others counted.
    pub fn of(set: &RuleSet, most: usize) -> Option<Unfilled> {
        // As a rule there are none: then it need not be known which rule asks for what.
        let mut shown = set.rules().iter().flat_map(|rule| rule.output.fields().map(|(_, field)| field));
        if set.asked_fields().chain(&mut shown).all(|field| provided(field.field)) {
            return None;
        }
        let mut rules: BTreeMap<Field, Vec<Arc<str>>> = BTreeMap::new();
        for (rule, fields) in set.fields() {
            for field in fields.into_iter().filter(|field| !provided(*field)) {
                rules.entry(field).or_default().push(Arc::clone(&rule.name));
            }
        }
        (!rules.is_empty()).then_some(Unfilled { rules, most })
    }
}

impl fmt::Display for Unfilled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "nothing fills in these fields yet: a comparison with them is never true, and outputs show <NA> for them. ",
        )?;
        for (index, (field, rules)) in self.rules.iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            let named = rules[..self.most.min(rules.len())].join(", ");
            write!(f, "{separator}{} (in {named}", field.def().name)?;
            match rules.len() - self.most.min(rules.len()) {
                0 => f.write_str(")")?,
                more => write!(f, " and {more} more)")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use insta::assert_snapshot;
    use kestrel_rules::{LoadOptions, RuleSource};

    fn load(text: &str) -> RuleSet {
        let source = RuleSource { name: "test.yaml".to_owned(), text: text.to_owned() };
        RuleSet::load(&[source], LoadOptions::default()).unwrap().rules
    }

    fn rule(name: &str, condition: &str, output: &str) -> String {
        format!("- rule: {name}\n  desc: d\n  condition: {condition}\n  output: {output}\n  priority: NOTICE\n")
    }

    #[test]
    fn conditions_macros_and_outputs_are_looked_through() {
        let text = [
            "- macro: pod\n  condition: k8s.rc.name exists\n".to_owned(),
            rule("One", "evt.type = kill and not (pod or proc.name = x)", "one %proc.fdopencount %fd.name"),
            rule("Two", "evt.type = open and pod", "two"),
            rule("Three", "evt.type = open", "three %k8s.rc.name"),
        ]
        .concat();
        let set = load(&text);
        assert_snapshot!(Unfilled::of(&set, 9).unwrap(), @"nothing fills in these fields yet: a comparison with them is never true, and outputs show <NA> for them. proc.fdopencount (in One); k8s.rc.name (in One, Two, Three)");
        assert!(Unfilled::of(&set, 2).unwrap().to_string().ends_with("k8s.rc.name (in One, Two and 1 more)"));
    }

    #[test]
    fn rules_that_use_only_what_there_is_are_not_mentioned() {
        let set = load(&rule("Fine", "evt.type = kill and proc.aname = x", "fine %container.id %user.name"));
        assert!(Unfilled::of(&set, 9).is_none());
    }

    #[test]
    fn the_rules_that_kestrel_comes_with_need_nothing_that_is_not_there() {
        assert!(Unfilled::of(&load(kestrel_rules::DEFAULT_RULES), 9).is_none());
    }
}
