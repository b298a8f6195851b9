//! Lists and macros: defined, replaced, appended to.

use super::collection::{Collection, ListDef, MacroDef};
use super::item::Item;
use super::overriding::{self, Overrides};
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Findings, ItemRef};
use crate::suggest::nearest;
use crate::text::{Origin, PiecedText};
use std::sync::Arc;

/// The name of an item, which stands under the key of its kind.
pub fn name(item: &Item<'_>, findings: &mut Findings) -> Option<(Arc<str>, Origin)> {
    let origin = item.text(item.kind, findings)?;
    Some((origin.scalar.text.as_str().into(), origin))
}

/// Says that something that is appended to was never defined.
pub fn no_previous<'n>(item: &ItemRef, names: impl Iterator<Item = &'n str>, findings: &mut Findings) {
    let help = nearest(&item.name, names).map(|name| format!("did you mean {name}?"));
    let message = format!("the {} {} is changed, but was never defined", item.kind, item.name);
    let label = "expected a definition before it, in this file or an earlier one";
    findings.add(Diagnostic::new(Code::Validate, item.place.first_line(), message, label).help(help).of(item));
}

/// Whether the item is appended to what there is. `None` if what it says about that is wrong.
fn appends(item: &Item<'_>, of: &ItemRef, key: &'static str, findings: &mut Findings) -> Option<bool> {
    let append = overriding::append_key(item, of, findings);
    let overrides = Overrides::read(item, &[key], &[key], findings)?;
    if append && !overrides.is_empty() {
        overriding::both(item, findings);
        return None;
    }
    Some(append || overrides.appends(key))
}

/// True for what a condition can name as a list.
fn is_list_name(name: &str) -> bool {
    !name.is_empty()
        && !name.contains(|c: char| matches!(c, '(' | ')' | '"' | '\'' | '=' | ',') || c.is_ascii_whitespace())
}

/// True for what a condition can name as a macro.
fn is_macro_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// Reads a list.
pub fn list(item: Item<'_>, collection: &mut Collection, findings: &mut Findings) {
    item.check_keys(&["list", "items", "append", "override"], findings);
    let Some((name, origin)) = name(&item, findings) else { return };
    let of = item.named(&name);
    if !is_list_name(&name) {
        let label = "expected a word without blanks, quotes, parentheses, commas and =";
        let message = format!("no condition can name the list {name}");
        findings.add(Diagnostic::new(Code::InvalidListName, origin.whole(), message, label).of(&of));
    }
    if item.get("items").is_none() {
        item.text("items", findings);
    }
    let items = item.texts("items", findings);
    let append = appends(&item, &of, "items", findings);
    let changed = collection.next();
    let (Some(items), Some(append)) = (items, append) else {
        // Whoever uses it is not to blame.
        if collection.lists.get(&name).is_none() {
            collection.lists.put(&name, ListDef { item: of, items: Vec::new(), defined: changed, changed });
        }
        return;
    };
    match (collection.lists.get_mut(&name), append) {
        (Some(known), true) => {
            known.items.extend(items);
            known.changed = changed;
        }
        (None, true) => no_previous(&of, collection.lists.names(), findings),
        (known, false) => {
            let defined = known.map_or(changed, |known| known.defined);
            collection.lists.put(&name, ListDef { item: of, items, defined, changed });
        }
    }
}

/// Reads a macro.
pub fn condition_macro(item: Item<'_>, collection: &mut Collection, findings: &mut Findings) {
    item.check_keys(&["macro", "condition", "append", "override"], findings);
    let Some((name, origin)) = name(&item, findings) else { return };
    let of = item.named(&name);
    if !is_macro_name(&name) {
        let label = "expected letters, digits and underscores, a letter first";
        let message = format!("no condition can name the macro {name}");
        findings.add(Diagnostic::new(Code::InvalidMacroName, origin.whole(), message, label).of(&of));
    }
    let condition = item.text("condition", findings);
    let append = appends(&item, &of, "condition", findings);
    let changed = collection.next();
    let (Some(condition), Some(append)) = (condition, append) else {
        if collection.macros.get(&name).is_none() {
            let condition = PiecedText::default();
            collection.macros.put(&name, MacroDef { item: of, condition, defined: changed, changed });
        }
        return;
    };
    let condition = PiecedText::new(&condition);
    match (collection.macros.get_mut(&name), append) {
        (Some(known), true) => {
            known.condition.append(&condition);
            known.changed = changed;
        }
        (None, true) => no_previous(&of, collection.macros.names(), findings),
        (known, false) => {
            let defined = known.map_or(changed, |known| known.defined);
            collection.macros.put(&name, MacroDef { item: of, condition, defined, changed });
        }
    }
}
