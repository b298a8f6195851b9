//! What the configuration adds to alerts (`append_output`), ready to be written.

use crate::config::{AppendOutput, ExtraField};
use kestrel_outputs::FieldValue;
use kestrel_rules::{Facts, Field, FieldSource, LoadErrors, OutputFormat, Rule, RuleSet, StaticFields};
use std::collections::HashMap;
use std::sync::Arc;

/// What Falco's container plugin suggests for the events of the kernel: names as there, in its order.
const SUGGESTED: &str = "container_id=%container.id container_name=%container.name \
    container_image_repository=%container.image.repository container_image_tag=%container.image.tag \
    k8s_pod_name=%k8s.pod.name k8s_ns_name=%k8s.ns.name";

/// What is added to the alerts of each rule.
#[derive(Debug, Default)]
pub struct Appended {
    by_rule: HashMap<Arc<str>, Arc<Extra>>,
}

/// What is added to the alerts of a rule.
#[derive(Debug, Default)]
pub struct Extra {
    outputs: Vec<OutputFormat>,
    fields: Vec<(String, OutputFormat, bool)>,
}

impl Appended {
    /// What is added to the alerts of these rules.
    ///
    /// # Errors
    /// A format is wrong.
    pub fn new(
        appended: &[AppendOutput],
        rules: &RuleSet,
        static_fields: &StaticFields,
    ) -> Result<Appended, LoadErrors> {
        let mut by_rule = HashMap::new();
        for rule in rules.rules() {
            let mut extra = Extra::default();
            for append in appended.iter().filter(|append| is_meant(append, rule)) {
                extra.add(append, &rule.source, static_fields)?;
            }
            if !extra.outputs.is_empty() || !extra.fields.is_empty() {
                by_rule.insert(Arc::clone(&rule.name), Arc::new(extra));
            }
        }
        Ok(Appended { by_rule })
    }

    /// What is added to the alerts of a rule, if anything is.
    pub fn of(&self, rule: &Rule) -> Option<&Extra> {
        self.by_rule.get(&rule.name).map(Arc::as_ref)
    }
}

fn is_meant(append: &AppendOutput, rule: &Rule) -> bool {
    let to = &append.to;
    (to.rule.is_empty() || *to.rule == *rule.name)
        && (to.source.is_empty() || *to.source == *rule.source)
        && to.tags.iter().all(|tag| rule.tags.contains(tag))
}

impl Extra {
    fn add(&mut self, append: &AppendOutput, source: &str, static_fields: &StaticFields) -> Result<(), LoadErrors> {
        let source = FieldSource::by_name(source).unwrap_or(FieldSource::Any);
        let parse = |name: &str, text: &str| OutputFormat::parse_with(name, text, source, static_fields);
        if !append.extra_output.is_empty() {
            self.outputs.push(parse("append_output.extra_output", &append.extra_output)?);
        }
        let suggested = "append_output.suggested_output";
        if append.suggested_output && FieldSource::by_name("syscall") == Some(source) {
            self.outputs.push(parse(suggested, SUGGESTED)?);
        }
        // As in Falco, these are suggested for every source.
        for name in static_fields.names().filter(|_| append.suggested_output) {
            self.outputs.push(parse(suggested, &format!("{}=%{name}", name.replace('.', "_")))?);
        }
        for field in &append.extra_fields {
            let name = "append_output.extra_fields";
            match field {
                ExtraField::Field(field) => {
                    let format = parse(name, &format!("%{field}"))?;
                    self.fields.push((field.clone(), format, true));
                }
                ExtraField::Named(named) => {
                    for (key, text) in named {
                        self.fields.push((key.clone(), parse(name, text)?, false));
                    }
                }
            }
        }
        Ok(())
    }

    /// Adds it to the message and the fields of an alert.
    pub fn append(&self, facts: &impl Facts, message: &mut String, fields: &mut Vec<(String, FieldValue)>) {
        for format in &self.outputs {
            message.push(' ');
            format.render(facts, message);
            format.each_value(facts, |name, _, value| fields.push((name.to_owned(), super::field_value(value))));
        }
        for (name, format, is_field) in &self.fields {
            if *is_field {
                // With its own type, where it is one field alone.
                format.each_value(facts, |_, _, value| fields.push((name.clone(), super::field_value(value))));
            } else {
                let mut text = String::new();
                format.render(facts, &mut text);
                fields.push((name.clone(), FieldValue::Str(text)));
            }
        }
    }
}

/// True for a field that holds bytes which need not be text.
pub fn is_bytes(field: Field) -> bool {
    field.def().ty == kestrel_rules::FieldType::Bytes
}
