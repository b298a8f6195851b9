//! Lists of fields.

use super::cell;
use crate::origin::{Origin, origin};
use crate::provided::provided;
use kestrel_rules::{ArgRule, FieldClass, FieldDef, FieldType};
use serde::Serialize;
use std::fmt::Write;

/// Mark of a field that nothing fills in.
const UNFILLED: &str = "not filled in yet";

/// One name a line.
pub fn names(fields: &[&FieldDef]) -> String {
    fields.iter().map(|def| format!("{}\n", def.name)).collect()
}

/// One name a line, as a list.
pub fn names_markdown(fields: &[&FieldDef]) -> String {
    fields.iter().map(|def| format!("- `{}`\n", def.name)).collect()
}

/// For people at a terminal: a heading for each group, a line for each field.
pub fn text(fields: &[&FieldDef]) -> String {
    let mut out = format!(
        "Written as name[argument]: [argument] must be given, ([argument]) can be left out.\n\
         {{{UNFILLED}}}: known to rules, but missing in every event.\n"
    );
    for (class, fields) in groups(fields) {
        let source = class.source().name().map_or_else(|| "every source".to_owned(), |name| format!("source {name}"));
        push(&mut out, format_args!("\n{}: {} ({source})\n\n", class.name(), class.description()));
        let width = fields.iter().map(|def| title(def).chars().count()).max().unwrap_or(0);
        for def in fields {
            let marks = match marks(def).join(", ") {
                marks if marks.is_empty() => marks,
                marks => format!(" {{{marks}}}"),
            };
            let description = def.description.replace('`', "");
            push(&mut out, format_args!("  {:width$}  {:<8} {description}{marks}\n", title(def), def.ty.name()));
        }
    }
    out
}

/// A page: what the columns mean, then a table for each group.
pub fn markdown(fields: &[&FieldDef]) -> String {
    let mut out = String::from(
        "# Fields\n\n\
         <!-- Made by `kestrel --list --format markdown`: change the table of fields, not this page. -->\n\n\
         What a condition can ask and an output can show. A field is written by its name: `proc.name`; with an argument in\n\
         brackets: `proc.aname[2]`; a parameter's also behind a dot: `evt.arg.flags`. In an output a percent sign stands \
         before\nit: `%proc.name`.\n\n\
         A field that is missing, because the event has no such thing or nobody knows it, makes every comparison with it \
         untrue,\n`!=` too; only `exists` and `not` see it. In outputs it is `<NA>`.\n\n\
         Besides these there is `static.NAME` for each text that the configuration has under `static_fields`, for events of \
         every\nsource.\n\n\
         ## Types\n\n| type | is |\n|---|---|\n",
    );
    for ty in FieldType::ALL {
        push(&mut out, format_args!("| {} | {} |\n", ty.name(), cell(ty.description())));
    }
    out.push_str(
        "\n## Marks\n\n| mark | means |\n|---|---|\n\
         | `[argument]` | the argument must be given |\n\
         | `([argument])` | the argument can be given |\n\
         | list | it has several values at once: `in` wants all of them in the list, `intersects` one |\n\
         | filter only | for conditions only |\n\
         | print only | for outputs only |\n\
         | table | made for tables of figures, of little use in a rule |\n\
         | no value | not for `val()` and transformers |\n\
         | deprecated | not to be used any more |\n\
         | suggested | put behind every output if `append_output` has `suggested_output: true` |\n",
    );
    push(&mut out, format_args!("| {UNFILLED} | known to rules, but missing in every event |\n"));
    out.push_str(
        "\n## Where values come from\n\n\
         With `kestrel run` the record is written by the tracer, from ptrace(2) and `/proc`. In a replay all is as it was \
         recorded.\nWhat events of every source have comes from the audit event in those of `k8s_audit`. Where several are \
         named, the first\ndoes not tell all, or is not always there.\n\n| from | is |\n|---|---|\n",
    );
    for origin in Origin::ALL {
        push(&mut out, format_args!("| {} | {} |\n", origin.name(), cell(origin.description())));
    }
    for (class, fields) in groups(fields) {
        let source = class.source().name().map_or_else(|| "every source".to_owned(), |name| format!("source `{name}`"));
        push(&mut out, format_args!("\n## {}\n\n{} For {source}.\n\n", class.name(), class.description()));
        out.push_str("| field | type | is | from | marks |\n|---|---|---|---|---|\n");
        for def in fields {
            let (title, marks) = (cell(&title(def)), marks(def).join(", "));
            let (ty, from) = (def.ty.name(), origins(def).join(", "));
            push(&mut out, format_args!("| `{title}` | {ty} | {} | {from} | {marks} |\n", cell(def.description)));
        }
    }
    out
}

/// A group, as programs read it.
#[derive(Debug, Serialize)]
pub struct Class {
    name: &'static str,
    description: &'static str,
    /// Missing for every source.
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<&'static str>,
    fields: Vec<Described>,
}

/// A field, as programs read it.
#[derive(Debug, Serialize)]
struct Described {
    name: &'static str,
    #[serde(rename = "type")]
    ty: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    argument: Option<Argument>,
    flags: Vec<String>,
    filled: bool,
    /// Where its value comes from.
    from: Vec<&'static str>,
    description: &'static str,
}

/// An argument, as programs read it.
#[derive(Debug, Serialize)]
struct Argument {
    required: bool,
    index: bool,
    name: bool,
}

/// The groups, for programs.
pub fn described(fields: &[&FieldDef]) -> Vec<Class> {
    let described = |def: &FieldDef| Described {
        name: def.name,
        ty: def.ty.name(),
        argument: (def.arg != ArgRule::None).then(|| Argument {
            required: def.arg.is_required(),
            index: def.arg.takes_index(),
            name: def.arg.takes_name(),
        }),
        flags: def.flags.names().map(|name| name.replace(' ', "_")).collect(),
        filled: provided(def.field),
        from: origins(def),
        description: def.description,
    };
    groups(fields)
        .map(|(class, fields)| Class {
            name: class.name(),
            description: class.description(),
            source: class.source().name(),
            fields: fields.iter().map(|def| described(def)).collect(),
        })
        .collect()
}

/// The fields by group: they stand together.
fn groups<'f, 'd>(fields: &'f [&'d FieldDef]) -> impl Iterator<Item = (FieldClass, &'f [&'d FieldDef])> {
    fields.chunk_by(|a, b| a.class == b.class).filter_map(|group| Some((group.first()?.class, group)))
}

/// The name, and what argument it takes.
fn title(def: &FieldDef) -> String {
    match def.arg {
        ArgRule::None => def.name.to_owned(),
        arg if arg.is_required() => format!("{}[{}]", def.name, arg.placeholder()),
        arg => format!("{}([{}])", def.name, arg.placeholder()),
    }
}

fn origins(def: &FieldDef) -> Vec<&'static str> {
    origin(def.field).iter().map(|origin| origin.name()).collect()
}

fn marks(def: &FieldDef) -> Vec<&'static str> {
    let unfilled = (!provided(def.field)).then_some(UNFILLED);
    def.flags.names().chain(unfilled).collect()
}

fn push(out: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to memory cannot fail.
    let _ = out.write_fmt(text);
}
