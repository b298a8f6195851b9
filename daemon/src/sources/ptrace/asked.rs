//! What rules ask of how a process runs beside what it is: figures, each of which costs a look into /proc. Where nobody can ask for
//! them, records of forks and execs are without.

use kestrel_core::schema::{self, EventSet, From, ImageField};
use kestrel_rules::{Field, FieldArg, FieldRef, RuleSet};

/// The figures that somebody may ask for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// How much memory it has.
    pub sizes: bool,
    /// Its page faults.
    pub faults: bool,
    /// How many files it may have open.
    pub open_files: bool,
    /// The path of its control group as the kernel module gives it: that of the default hierarchy. Rules ask for the one that says
    /// most, which is another where old hierarchies are in use (cgroups(7)).
    pub default_group: bool,
}

impl Asked {
    /// All of them: for records that somebody may read.
    pub const ALL: Asked = Asked { sizes: true, faults: true, open_files: true, default_group: true };

    /// Those that conditions of these rules ask for, or their outputs show.
    pub fn by(rules: &RuleSet) -> Asked {
        let mut asked = Asked::default();
        // Of a condition it is not looked up which rule's it is.
        rules.asked_fields().for_each(|field| asked.add(field, &EventSet::all()));
        for rule in rules.rules() {
            rule.output.fields().for_each(|(_, field)| asked.add(field, &rule.events));
        }
        asked
    }

    fn add(&mut self, field: &FieldRef, events: &EventSet) {
        match field.field {
            Field::ProcVmsize
            | Field::ProcVmrss
            | Field::ProcVmswap
            | Field::ThreadVmsize
            | Field::ThreadVmrss
            | Field::ThreadVmsizeB
            | Field::ThreadVmrssB => self.sizes = true,
            Field::ThreadPfmajor | Field::ThreadPfminor => self.faults = true,
            Field::ProcFdlimit | Field::ProcFdusage => self.open_files = true,
            Field::EvtArg | Field::EvtRawarg | Field::EvtArgs | Field::EvtInfo => {
                let name = match &field.arg {
                    Some(FieldArg::Name(name)) => Some(&**name),
                    _ => None,
                };
                self.add_parameters(name, events);
            }
            _ => {}
        }
    }

    /// The parameters of this name, or all, of these events.
    fn add_parameters(&mut self, name: Option<&str>, events: &EventSet) {
        for event in events.iter() {
            let (Some(params), Some(recipe)) = (schema::get(event), schema::recipe(event)) else { continue };
            for (param, from) in params.params.iter().zip(recipe.sources) {
                if name.is_some_and(|name| name != param.name) {
                    continue;
                }
                match from {
                    From::Image(ImageField::VmSize | ImageField::VmRss | ImageField::VmSwap) => self.sizes = true,
                    From::Image(ImageField::PgftMaj | ImageField::PgftMin) => self.faults = true,
                    From::Image(ImageField::FdLimit) => self.open_files = true,
                    _ => {}
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kestrel_rules::{DEFAULT_RULES, LoadOptions, RuleSource};

    fn by(text: &str) -> Asked {
        let source = RuleSource { name: "test.yaml".to_owned(), text: text.to_owned() };
        Asked::by(&RuleSet::load(&[source], LoadOptions::default()).unwrap().rules)
    }

    fn rule(condition: &str, output: &str) -> Asked {
        by(&format!("- rule: R\n  desc: d\n  condition: {condition}\n  output: \"x {output}\"\n  priority: NOTICE\n"))
    }

    #[test]
    fn figures_are_asked_for_by_fields_and_by_parameters_of_events_that_have_them() {
        let none = Asked::default();
        assert_eq!(rule("evt.type = openat", "%proc.name %evt.args %evt.arg.flags"), none);
        assert_eq!(rule("evt.type = openat and proc.vmrss > 7", "x"), Asked { sizes: true, ..none });
        assert_eq!(rule("evt.type = openat", "%thread.pfminor"), Asked { faults: true, ..none });
        assert_eq!(rule("evt.type = openat", "%proc.fdlimit"), Asked { open_files: true, ..none });
        assert_eq!(rule("evt.type = execve and evt.arg.fdlimit = 7", "x"), Asked { open_files: true, ..none });
        let of_clone = rule("evt.type = clone", "%evt.arg.vm_size %evt.rawarg.pgft_maj");
        assert_eq!(of_clone, Asked { sizes: true, faults: true, ..none });
        for all in ["%evt.args", "%evt.info", "%evt.arg[3]"] {
            assert_eq!(rule("evt.type = execve", all), Asked { default_group: false, ..Asked::ALL }, "{all}");
        }
    }

    #[test]
    fn default_rules_ask_for_none() {
        assert_eq!(by(DEFAULT_RULES), Asked::default());
    }
}
